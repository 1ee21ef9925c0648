// What both other scripts begin with: which elements count, and in which order.
const visible = (el) => {
  const box = el.getBoundingClientRect();
  return (
    box.width > 0 && box.height > 0 && box.right > 0 && box.bottom > 0 &&
    el.checkVisibility({ opacityProperty: true, visibilityProperty: true })
  );
};
// A box may be drawn by its label alone.
const drawn = (el) =>
  visible(el) ? el : el.matches("[type=checkbox], [type=radio]") ? [...el.labels].find(visible) : undefined;
const first = (selectors) => {
  for (const selector of selectors) {
    for (const el of document.querySelectorAll(selector)) if (drawn(el)) return drawn(el);
  }
  return null;
};
const all = (selectors) => [...new Set(selectors.flatMap((s) => [...document.querySelectorAll(s)]))];
const boxesOf = (selectors) => all(selectors).filter(drawn);
