"""The rows of a grid without a screen: a tree by key, its order by sort and filter."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from swimdesk.console.widgets.cells import Row, SortKey, sort_key
from swimdesk.console.widgets.filters import RowFilter


@dataclass(frozen=True, slots=True)
class SortOrder:
    """The column rows are sorted by, by its place among the declared ones."""

    index: int
    is_descending: bool = False


@dataclass(slots=True)
class _Node:
    row: Row
    parent: str | None
    depth: int
    is_expandable: bool
    is_expanded: bool = False
    is_matching: bool = True


class Rows:
    """Rows by key; a row may stand under another one and is shown while that one is expanded."""

    def __init__(self) -> None:
        self._nodes: dict[str, _Node] = {}
        self._children: dict[str | None, dict[str, None]] = {None: {}}
        self._sort: SortOrder | None = None
        self._filter: RowFilter | None = None
        self._pins: frozenset[str] = frozenset()
        self._shown: list[str] | None = []
        self._places: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._nodes)

    def __contains__(self, key: object) -> bool:
        return key in self._nodes

    def __getitem__(self, key: str) -> Row:
        return self._nodes[key].row

    def __iter__(self) -> Iterator[str]:
        return iter(self._nodes)

    @property
    def shown(self) -> list[str]:
        """Return the keys that are shown, from top to bottom; the same list until it changes."""
        if self._shown is None:
            self._shown = list(self._walk(None, is_under_match=False))
            self._places = {key: place for place, key in enumerate(self._shown)}
        return self._shown

    def place(self, key: str) -> int | None:
        """Return where the row is shown, from 0; None where it is not."""
        _ = self.shown
        return self._places.get(key)

    def parent(self, key: str) -> str | None:
        """Return the row it stands under."""
        return self._nodes[key].parent

    def depth(self, key: str) -> int:
        """Return how many rows it stands under."""
        return self._nodes[key].depth

    def is_expandable(self, key: str) -> bool:
        """Tell whether there are rows under it, or were declared to come."""
        return self._nodes[key].is_expandable or bool(self._children.get(key))

    def is_expanded(self, key: str) -> bool:
        """Tell whether the rows under it are shown."""
        return self._nodes[key].is_expanded

    def children(self, key: str | None) -> tuple[str, ...]:
        """Return the rows right under one, or those of the first level, as they came."""
        return tuple(self._children.get(key, ()))

    def tree_state(self, key: str) -> tuple[int, bool, bool]:
        """Return what a row of a tree is painted by: depth, whether it can be and is expanded."""
        return self.depth(key), self.is_expandable(key), self.is_expanded(key)

    @property
    def is_tree(self) -> bool:
        """Tell whether any row can be expanded."""
        return len(self._children) > 1 or any(n.is_expandable for n in self._nodes.values())

    @property
    def sort(self) -> SortOrder | None:
        """Return what the rows are sorted by, None for the order they came in."""
        return self._sort

    def set_row(
        self, key: str, row: Row, *, parent: str | None = None, expandable: bool = False
    ) -> Row | None:
        """Add a row at the end of its level or change it; return what it held before.

        A row stays under its parent while it changes. KeyError for a parent that is not there.
        """
        node = self._nodes.get(key)
        if node is None:
            self._add(key, row, parent, expandable)
            return None
        before, node.row = node.row, row
        node.is_expandable = node.is_expandable or expandable
        if self._value(before) != self._value(row):
            self._shown = None
        if self._filter and self._filter(key, row) != node.is_matching:
            node.is_matching = not node.is_matching
            self._shown = None
        return before

    def set_rows(
        self,
        rows: Mapping[str, Row],
        order: Sequence[str] | None = None,
        parents: Mapping[str, str] | None = None,
        expandable: Collection[str] = (),
    ) -> dict[str, Row]:
        """Hold exactly these rows, a parent before what is under it; return what changed ones held.

        Rows that stay keep whether they are expanded.
        """
        old = self._nodes
        parents = parents or {}
        keys = list(rows) if order is None else list(order)
        is_same = keys == list(old) and all(old[k].parent == parents.get(k) for k in keys)
        if is_same:
            held = {key: self._nodes[key].row for key in keys if old[key].row != rows[key]}
            for key in {*held, *expandable}:
                self.set_row(key, rows[key], expandable=key in expandable)
            return held
        self._nodes, self._children, self._shown = {}, {None: {}}, None
        changed = {}
        for key in keys:
            before = old.get(key)
            may_expand = key in expandable or (before is not None and before.is_expandable)
            self._add(key, rows[key], parents.get(key), may_expand)
            if before is not None:
                self._nodes[key].is_expanded = before.is_expanded
                if before.row != rows[key]:
                    changed[key] = before.row
        return changed

    def remove_row(self, key: str) -> tuple[str, ...]:
        """Take a row away with all that is under it; return the keys that went."""
        node = self._nodes.get(key)
        if node is None:
            return ()
        siblings = self._children[node.parent]
        del siblings[key]
        if not siblings and node.parent is not None:
            del self._children[node.parent]
        gone = list(self._below(key))
        for each in gone:
            del self._nodes[each]
            self._children.pop(each, None)
        self._shown = None
        return tuple(gone)

    def clear(self) -> None:
        """Take all rows away; sort and filter stay."""
        self._nodes, self._children, self._shown = {}, {None: {}}, None

    def set_sort(self, sort: SortOrder | None) -> None:
        """Sort every level by a column, equals in the order they came, blanks last."""
        if sort != self._sort:
            self._sort, self._shown = sort, None

    def set_filter(self, row_filter: RowFilter | None) -> None:
        """Show the rows that match, those they stand under, and those under them."""
        self._filter, self._shown = row_filter, None
        for key, node in self._nodes.items():
            node.is_matching = row_filter is None or row_filter(key, node.row)

    def set_pins(self, pins: frozenset[str]) -> None:
        """Let these rows come first on their level, however it is sorted."""
        if pins != self._pins:
            self._pins, self._shown = pins, None

    def toggle(self, key: str) -> bool:
        """Show or hide what is under the row; return whether it is shown now."""
        node = self._nodes[key]
        node.is_expanded = not node.is_expanded
        self._shown = None
        return node.is_expanded

    def _add(self, key: str, row: Row, parent: str | None, expandable: bool) -> None:
        depth = 0 if parent is None else self._nodes[parent].depth + 1
        is_matching = self._filter is None or self._filter(key, row)
        self._nodes[key] = _Node(row, parent, depth, expandable, is_matching=is_matching)
        self._children.setdefault(parent, {})[key] = None
        self._shown = None

    def _below(self, key: str) -> Iterator[str]:
        yield key
        for child in self._children.get(key, ()):
            yield from self._below(child)

    def _walk(self, parent: str | None, *, is_under_match: bool) -> Iterator[str]:
        for key in self._pinned_first(self._sorted(parent)):
            node = self._nodes[key]
            if not (is_under_match or self._has_match(key)):
                continue
            yield key
            if node.is_expanded:
                yield from self._walk(key, is_under_match=is_under_match or node.is_matching)

    def _has_match(self, key: str) -> bool:
        if self._filter is None or self._nodes[key].is_matching:
            return True
        return any(self._has_match(child) for child in self._children.get(key, ()))

    def _pinned_first(self, keys: list[str]) -> list[str]:
        return sorted(keys, key=lambda key: key not in self._pins) if self._pins else keys

    def _sorted(self, parent: str | None) -> list[str]:
        keys = list(self._children.get(parent, ()))
        if self._sort is None:
            return keys
        values: dict[str, SortKey] = {}
        blank = []
        for key in keys:
            value = self._value(self._nodes[key].row)
            if value is None:
                blank.append(key)
            else:
                values[key] = value
        ordered = sorted(values, key=values.__getitem__, reverse=self._sort.is_descending)
        return ordered + blank

    def _value(self, row: Row) -> SortKey | None:
        """Return what a row is sorted by; one that is shorter than the columns counts as blank."""
        if self._sort is None or self._sort.index >= len(row):
            return None
        return sort_key(row[self._sort.index])
