// Tell what is visible, in one go. Nothing of a field's value leaves the page but whether it has one, and of an
// account only the last three digits of its label.
const words = (el) => (el.innerText || "").replace(/\s+/g, " ").trim().slice(0, 300);
const endingOf = (box) => (words(box.labels[0] || box).match(/(\d{3})\D*$/) || ["", ""])[1];
const parts = {};
for (const [name, selectors] of Object.entries(spec.parts)) {
  const found = first(selectors);
  if (found) parts[name] = { filled: Boolean(found.value), ticked: Boolean((found.control || found).checked) };
}
const boxes = boxesOf(spec.boxes).map((box) => ({ ending: endingOf(box), ticked: box.checked }));
const complaint = all(spec.errors).find((el) => visible(el) && words(el));
return {
  parts,
  boxes,
  error: complaint ? words(complaint) : "",
  text: spec.reads && document.body ? words(document.body) : "",
};
