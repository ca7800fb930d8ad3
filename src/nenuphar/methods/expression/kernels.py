"""Compiled sums over many samples: each sample is ranked once, in time linear in its values.

The kernels see values as the bits of floats. They run without the interpreter lock, one block of
samples per thread, and are kept on disk: where NUMBA_CACHE_DIR says, beside this file, or in the
user's cache folder where this one cannot be written. Without any of these they are compiled anew in
every process.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from nenuphar.methods.expression.plain import TOP_BITS

SLOTS = 1024  # a power of two, four times the distinct values that are worth counting
DISTINCT = 256
DIGIT = 11
BUCKETS = 1 << DIGIT

part = njit(nogil=True, error_model="numpy")
exact = njit(nogil=True, error_model="numpy", fastmath={"reassoc"})  # sums that need no order


def compiled(function):
    """Compiles a kernel, and keeps it on disk if there is a folder for it."""
    try:
        return njit(nogil=True, cache=True, error_model="numpy")(function)
    except RuntimeError:  # what Numba raises where it can write nowhere
        return part(function)


@part
def _radix(keys, other, spare_keys, spare_other, n, shift, passes, histogram):
    """Sorts keys (and what belongs to them) by `passes` digits from bit `shift`; stable."""
    for _ in range(passes):
        for b in range(BUCKETS):
            histogram[b] = 0
        for i in range(n):
            histogram[(keys[i] >> shift) & (BUCKETS - 1)] += 1
        if histogram[(keys[0] >> shift) & (BUCKETS - 1)] < n:
            total = 0
            for b in range(BUCKETS):
                count = histogram[b]
                histogram[b] = total
                total += count
            for i in range(n):
                b = (keys[i] >> shift) & (BUCKETS - 1)
                j = histogram[b]
                histogram[b] = j + 1
                spare_keys[j] = keys[i]
                spare_other[j] = other[i]
            keys, spare_keys = spare_keys, keys
            other, spare_other = spare_other, other
        shift = shift + keys.dtype.type(DIGIT)
    return keys, other, spare_keys, spare_other


@part
def _mend(keys, other, n, budget):
    """Insertion sort of nearly sorted keys; false once it takes more than `budget` moves."""
    for i in range(1, n):
        key = keys[i]
        if key < keys[i - 1]:
            value = other[i]
            j = i
            while j > 0 and keys[j - 1] > key:
                keys[j] = keys[j - 1]
                other[j] = other[j - 1]
                j -= 1
                budget -= 1
            keys[j] = key
            other[j] = value
            if budget < 0:
                return False
    return True


@part
def _sorted(keys, genes, spare_keys, spare_genes, n, histogram):
    """Sorts the keys of a sample: by the upper 22 bits of their range, then by what is left."""
    zero = keys.dtype.type(0)
    if n < 48:
        _mend(keys, genes, n, n * n)
        return keys, genes
    low, high = keys[0], keys[0]
    for i in range(n):
        low = min(low, keys[i])
        high = max(high, keys[i])
    width = 0
    while (high - low) >> keys.dtype.type(width) > 0 and width < 8 * keys.itemsize:
        width += 1
    for i in range(n):
        keys[i] -= low
    shift = keys.dtype.type(max(0, width - 2 * DIGIT))
    keys, genes, spare_keys, spare_genes = _radix(
        keys, genes, spare_keys, spare_genes, n, shift, 2, histogram
    )
    if not _mend(keys, genes, n, 8 * n):
        passes = -(-width // DIGIT)
        keys, genes, _, _ = _radix(keys, genes, spare_keys, spare_genes, n, zero, passes, histogram)
    return keys, genes


@part
def _count_distinct(keys, n, slot_key, slot_count, slot_of, found):
    """Counts how often each key occurs; -1 as soon as there are too many different ones."""
    for slot in range(SLOTS):
        slot_count[slot] = 0
    distinct = 0
    for i in range(n):
        key = keys[i]
        mixed = np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)
        slot = np.int64(mixed >> np.uint64(54))
        while slot_count[slot] > 0 and slot_key[slot] != key:
            slot = (slot + 1) & (SLOTS - 1)
        if slot_count[slot] == 0:
            if distinct == DISTINCT:
                return -1
            slot_key[slot] = key
            found[distinct] = slot
            distinct += 1
        slot_count[slot] += 1
        slot_of[i] = slot
    for a in range(1, distinct):
        slot = found[a]
        key = slot_key[slot]
        b = a
        while b > 0 and slot_key[found[b - 1]] > key:
            found[b] = found[b - 1]
            b -= 1
        found[b] = slot
    return distinct


@part
def _value(tables, expected, grid, k, first, last):
    if expected[k]:
        shared = (tables[k, last] - tables[k, first - 1]) / (last - first + 1)
        return np.rint(shared / grid[k]) * grid[k]
    return tables[k, first + last]


@part
def _sum_counted(  # noqa: PLR0913, PLR0917
    genes, n, above, zeros, distinct, slot_count, slot_of, found, slot_value,
    start, entry_set, tables, expected, grid, out, hits,
):  # fmt: skip
    """Adds up a sample whose few distinct values were counted."""
    place = 0
    for a in range(distinct):
        slot = found[a]
        first = place + 1 + (zeros if place >= above else 0)
        last = first + slot_count[slot] - 1
        for k in range(grid.size):
            slot_value[slot, k] = _value(tables, expected, grid, k, first, last)
        place += slot_count[slot]
    for i in range(n):
        gene = genes[i]
        if start[gene] < start[gene + 1]:
            slot = slot_of[i]
            for e in range(start[gene], start[gene + 1]):
                s = entry_set[e]
                hits[s] += 1
                for k in range(grid.size):
                    out[k, s] += slot_value[slot, k]


@exact
def _sum_places(place, table, set_start, set_gene, value, out):
    """Adds up column `place` of the table for every gene; 0 is that of zeros, which count `value`.

    The terms are multiples of a grid on which their sums are exact (see `statistics`).
    """
    for s in range(set_start.size - 1):
        genes = set_gene[set_start[s] : set_start[s + 1]]
        absent = 0
        for gene in genes:
            absent += place[gene] == 0
        for k in range(value.size):
            total = absent * value[k]
            for gene in genes:
                total += table[k, place[gene]]
            out[k, s] = total


@part
def _sum_sorted(  # noqa: PLR0913, PLR0917
    keys, genes, n, above, zeros,
    set_start, set_gene, tables, expected, grid, value, place, shared, out,
):  # fmt: skip
    """Adds up a sample whose values are in order; `value` is what a zero counts.

    place: room for the column of every gene; shared: for what each tied group counts, where that
    is no entry of the tables.
    """
    for gene in range(place.size):
        place[gene] = 0
    i, group = 0, 0
    while i < n:
        j = i + 1
        while j < n and keys[j] == keys[i]:
            j += 1
        shift = zeros if i >= above else 0
        first, last = i + 1 + shift, j + shift
        column = first + last
        if expected[0]:
            group += 1
            column = group
            for k in range(grid.size):
                shared[k, group] = _value(tables, expected, grid, k, first, last)
        for at in range(i, j):
            place[genes[at]] = column
        i = j
    _sum_places(place, shared if expected[0] else tables, set_start, set_gene, value, out)


@part
def _value_of_zero(above, n, zeros, tables, expected, grid, zero_last, value):
    for k in range(grid.size):
        if zeros == 0:
            value[k] = 0.0
        elif above == n and not math.isnan(zero_last[k]):
            value[k] = zero_last[k]
        else:
            value[k] = _value(tables, expected, grid, k, above + 1, above + zeros)


@part
def _load(bits, columns, begin, end, keys, genes, largest):
    """Order-preserving keys (highest value first) of what is not zero; -1 where not finite."""
    one = bits.dtype.type(1)
    sign = bits.dtype.type(8 * bits.itemsize - 1)
    exponent = largest - (largest >> bits.dtype.type(8 if bits.itemsize == 4 else 11))
    n, below = 0, 0
    highest = bits.dtype.type(0)
    for i in range(begin, end):
        b = bits[i]
        magnitude = b & largest
        highest = max(highest, magnitude)
        negative = b >> sign
        keys[n] = b ^ (largest * (one - negative))
        genes[n] = columns[i] if columns.size else i - begin
        there = 1 if magnitude != 0 else 0
        n += there
        below += there * np.int64(negative)
    return (-1, 0) if highest >= exponent else (n, n - below)


@compiled
def rank_sums(  # noqa: PLR0913, PLR0917
    bits, columns, pointer, largest,
    start, entry_set, sizes, set_start, set_gene, tables, expected, grid, zero_last, out, bad,
):  # fmt: skip
    """Fills `out` (samples × K × sets) from the rows of a matrix.

    bits: the values as unsigned integers; columns: their genes, empty where the rows are dense;
    pointer: where each row begins. The sets are laid out by gene (start, entry_set) and by set
    (set_start, set_gene). Rows with a value that is not finite are marked in `bad`.
    """
    n_genes = start.size - 1
    keys, spare_keys = np.empty(n_genes + 1, bits.dtype), np.empty(n_genes + 1, bits.dtype)
    genes, spare_genes = np.empty(n_genes + 1, np.int32), np.empty(n_genes + 1, np.int32)
    histogram = np.empty(BUCKETS, np.int64)
    slot_key, slot_count = np.empty(SLOTS, bits.dtype), np.empty(SLOTS, np.int64)
    slot_of, found = np.empty(n_genes, np.int32), np.empty(DISTINCT, np.int32)
    slot_value, value = np.empty((SLOTS, grid.size)), np.empty(grid.size)
    hits, place = np.empty(sizes.size, np.int64), np.empty(n_genes, np.int32)
    shared = np.empty((grid.size, n_genes + 1))
    shared[:, 0] = 0.0
    for row in range(pointer.size - 1):
        begin, end = pointer[row], pointer[row + 1]
        n, above = _load(bits, columns, begin, end, keys, genes, largest)
        sums = out[row]
        if n < 0:
            bad[row] = True
            continue
        zeros = n_genes - n
        _value_of_zero(above, n, zeros, tables, expected, grid, zero_last, value)
        distinct = _count_distinct(keys, n, slot_key, slot_count, slot_of, found)
        if distinct < 0:
            k, g = _sorted(keys, genes, spare_keys, spare_genes, n, histogram)
            _sum_sorted(
                k, g, n, above, zeros,
                set_start, set_gene, tables, expected, grid, value, place, shared, sums,
            )  # fmt: skip
            continue
        for s in range(sizes.size):
            hits[s] = 0
            for k in range(grid.size):
                sums[k, s] = 0.0
        _sum_counted(
            genes, n, above, zeros, distinct, slot_count, slot_of, found, slot_value,
            start, entry_set, tables, expected, grid, sums, hits,
        )  # fmt: skip
        for s in range(sizes.size):
            for k in range(grid.size):
                sums[k, s] += (sizes[s] - hits[s]) * value[k]


@part
def _scale_for(bound):
    return math.ldexp(1.0, TOP_BITS - math.frexp(bound)[1])


@compiled
def value_sums(  # noqa: PLR0913, PLR0917
    values, columns, pointer, n_genes,
    start, entry_set, entry_weight, heaviest, out, mean, squares, bad,
):  # fmt: skip
    """Fills `out` (samples × sets) with Σ w·x, `mean` and `squares`; see `plain.value_sums`."""
    for row in range(pointer.size - 1):
        begin, end = pointer[row], pointer[row + 1]
        largest = 0.0
        for i in range(begin, end):
            x = np.float64(values[i])
            if not math.isfinite(x):
                bad[row] = True
            largest = max(largest, abs(x))
        for s in range(out.shape[1]):
            out[row, s] = 0.0
        mean[row] = 0.0
        squares[row] = 0.0
        if bad[row] or largest == 0.0:
            continue
        scale, total = _scale_for(largest * n_genes), 0.0
        heavy = _scale_for(largest * heaviest)
        for i in range(begin, end):
            x = np.float64(values[i])
            total += np.rint(x * scale)
            gene = columns[i] if columns.size else i - begin
            for e in range(start[gene], start[gene + 1]):
                out[row, entry_set[e]] += np.rint(entry_weight[e] * x * heavy)
        middle = total / scale / n_genes
        wide, total = _scale_for(4.0 * largest * largest * n_genes), 0.0
        for i in range(begin, end):
            apart = np.float64(values[i]) - middle
            total += np.rint(apart * apart * wide)
        absent = n_genes - (end - begin)
        total += absent * np.rint(middle * middle * wide)
        mean[row] = middle
        squares[row] = total / wide
        for s in range(out.shape[1]):
            out[row, s] /= heavy
