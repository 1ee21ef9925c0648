// What both other scripts begin with: which elements count, and in which order.
const visible = (el) => {
  const box = el.getBoundingClientRect();
  return (
    box.width > 0 && box.height > 0 && box.right > 0 && box.bottom > 0 &&
    el.checkVisibility({ opacityProperty: true, visibilityProperty: true })
  );
};
const first = (selectors) => {
  for (const selector of selectors) {
    const found = [...document.querySelectorAll(selector)].find(visible);
    if (found) return found;
  }
  return null;
};
const all = (selectors) => [...new Set(selectors.flatMap((s) => [...document.querySelectorAll(s)]))];
// A box may be drawn by its label alone.
const boxesOf = (selectors) =>
  all(selectors).filter((box) => visible(box) || (box.labels[0] && visible(box.labels[0])));
