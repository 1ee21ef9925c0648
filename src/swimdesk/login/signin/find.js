// Return the first visible element of some selectors, or the box with a number unless it is ticked.
if (spec.index === undefined) return first(spec.selectors);
const box = boxesOf(spec.selectors)[spec.index];
if (!box || box.checked) return null;
return drawn(box);
