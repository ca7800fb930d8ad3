"""Reads expression matrices (tables, GCT; AnnData files in `annotated`) and writes scores."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nenuphar.io.expression_matrix import ExpressionMatrix, Rejected
from nenuphar.io.matrix_text import REPEAT, UnreadableError, file_text, text_frame
from nenuphar.io.parquet import read_parquet
from nenuphar.io.whole_file import write_whole_table

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

ANNOTATION = {
    "entrez_gene_id", "entrezgeneid", "entrez", "description", "gene_name", "gene_symbol",
    "hgnc_symbol", "ensembl_gene_id", "gene_biotype",
}  # fmt: skip
SHOWN = 5
# Genes whose names have small letters: open reading frames, and RNA names of GENCODE and miRBase.
CAMEL = re.compile(r"[a-z][A-Z]")
SMALL_LETTERS = re.compile(r"C(\d+|X|Y)orf\d|hsa[-.]|sno[A-Z]|uc[_.]\d|U\d+atac|Metazoa_SRP|Vault")


def read_expression(
    path: Path,
    *,
    samples_in_rows: bool = False,
    layer: str | None = None,
    gene_names: str | None = None,
) -> ExpressionMatrix:
    """Reads a matrix by suffix: `.csv .tsv .txt .xlsx .parquet .gct .h5ad .zarr` (text also `.gz`).

    Tables hold genes in rows, their names in the first column (or the index that pandas wrote);
    `samples_in_rows` is the other way round. `layer` and `gene_names` choose a layer (or `raw`)
    and a column of `var` in AnnData files. Text in place of a number is listed as rejected and
    counts as missing. Raises `UnreadableError`.
    """
    path = Path(path)
    if not path.exists():
        raise UnreadableError(f"{path}: no such file")
    suffix = path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix
    try:
        if suffix in {".h5ad", ".zarr"}:
            from nenuphar.io.annotated import read_annotated

            return read_annotated(path, layer, gene_names)
        if layer or gene_names:
            raise UnreadableError(
                f"{path.name}: only AnnData has layers and a choice of gene names; "
                "leave --layer and --gene-names out"
            )
        if suffix == ".gct":
            return _gct(path)
        if suffix == ".parquet":
            return _from_frame(lambda: _whole_table(_parquet, path), path, samples_in_rows, 2)
        if suffix == ".xlsx":
            import polars as pl

            return _from_frame(lambda: _whole_table(pl.read_excel, path), path, samples_in_rows, 2)
        if suffix in {".csv", ".tsv", ".txt"}:
            return _table(path, samples_in_rows)
    except ImportError as problem:
        raise UnreadableError(
            f"{path.name}: reading {suffix} needs {problem.name}; "
            "install nenuphar with the extra `expression`"
        ) from problem
    except (OSError, EOFError) as problem:
        raise UnreadableError(f"{path.name}: not a readable {suffix} file ({problem})") from problem
    raise UnreadableError(
        f"{path.name}: {suffix or 'no suffix'} is no expression format; "
        "give .csv, .tsv, .txt, .xlsx, .parquet, .gct, .h5ad or .zarr"
    )


def _whole_table(read: Callable[[Path], pl.DataFrame], path: Path) -> pl.DataFrame:
    """Reads a binary table; whatever its library raises becomes one error with a remedy."""
    try:
        return read(path)
    except (ImportError, KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as problem:  # Polars reports some damaged files by a panic
        first = (str(problem) or type(problem).__name__).splitlines()[0]
        raise UnreadableError(
            f"{path.name}: not a readable {path.suffix} file ({first}); export the table again"
        ) from problem


def _parquet(path: Path) -> pl.DataFrame:
    """A Parquet table; the index that pandas puts at its end comes first again."""
    import json

    import polars as pl

    frame, notes = read_parquet(path)
    noted = json.loads(notes.get(b"pandas", b"{}"))
    index = [name for name in noted.get("index_columns", []) if name in frame.columns]
    return frame.select(*index[:1], pl.exclude(index)) if index else frame


def _table(path: Path, samples_in_rows: bool) -> ExpressionMatrix:
    """A table of text; blank lines and comments (`#`) above its header are passed over."""
    raw, skip, at = file_text(path), 0, 0
    while (end := raw.find(b"\n", at)) >= 0:
        line = raw[at:end].strip()
        if line and not line.startswith(b"#"):
            break
        skip, at = skip + 1, end + 1
    text = [raw]
    del raw  # as large as the matrix: nobody else may hold it while the matrix is made
    return _from_frame(lambda: text_frame(text.pop(), path, skip), path, samples_in_rows, skip + 2)


def _from_frame(
    read: Callable[[], pl.DataFrame], path: Path, samples_in_rows: bool, first_line: int
) -> ExpressionMatrix:
    """The matrix of a table; it is read here so that its columns can be freed one by one."""
    import numpy as np
    import polars as pl

    frame = read()
    names = frame.columns
    dropped = [name for name in names[1:3] if name.strip().lower() in ANNOTATION]
    dropped += [name for name in names[1:] if name not in dropped and _is_text(frame[name])]
    if samples_in_rows:
        dropped += _no_genes([name for name in names[1:] if name not in dropped])
    frame = frame.drop(dropped)
    if frame.width < 2 or frame.height == 0:
        raise UnreadableError(f"{path.name}: no numbers; give names and at least one column")
    first_column = frame[:, 0].cast(pl.String).str.strip_chars()
    if frame.dtypes[0].is_float():
        first_column = first_column.str.strip_suffix(".0")
    ids = first_column.fill_null("").to_list()
    numbers, rejected = _numbers(frame[:, 1:], ids, path, first_line)
    named = np.array([bool(name) for name in ids])
    blank = frame.select(pl.all_horizontal(pl.all().is_null())).to_series().to_numpy()
    rejected += [
        Rejected(
            path.name,
            first_line + int(i),
            "",
            frame.columns[0],
            "",
            "the row has no name",
            "name the gene or delete the row",
        )
        for i in np.flatnonzero(~named & ~blank)
    ]
    if not named.all():
        ids = [name for name in ids if name]
        numbers = numbers.filter(pl.Series(named))
    columns = [name.partition(REPEAT)[0] for name in numbers.columns]
    series = numbers.get_columns()
    del frame, first_column, numbers
    values = _rows(series)
    genes, samples = (columns, ids) if samples_in_rows else (ids, columns)
    if len(set(samples)) < len(samples):
        twice = sorted(name for name, n in Counter(samples).items() if n > 1)
        raise UnreadableError(
            f"{path.name}: samples that occur more than once: {', '.join(twice[:SHOWN])}"
            f"{' …' if len(twice) > SHOWN else ''}; name every sample once"
            + ("" if samples_in_rows else ", or give --samples-in-rows")
        )
    return ExpressionMatrix(
        list(genes), list(samples), values.T if samples_in_rows else values, rejected, dropped
    )


def _rows(columns: list[pl.Series]) -> np.ndarray:
    """Columns as the rows of an array, freed as they are copied."""
    import numpy as np

    values = np.empty((len(columns), len(columns[0]) if columns else 0))
    while columns:
        last = columns.pop()
        values[len(columns)] = last.to_numpy()
    return values


def _is_text(column: pl.Series) -> bool:
    """Whether a column holds words and no number at all."""
    import polars as pl

    if column.dtype != pl.String:
        return not (column.dtype.is_numeric() or column.dtype in {pl.Null, pl.Boolean})
    numbers = column.cast(pl.Float64, strict=False)
    return column.null_count() < len(column) and numbers.null_count() == len(column)


def _no_genes(names: Sequence[str]) -> list[str]:
    """Column names that are words (`Age`, `Survival_months`) beside genes, not genes."""
    from nenuphar.terminology.genes import gene_index, looks_like_mouse

    words = [
        name
        for name in names
        if name != name.upper() and not name.startswith("ENS") and not SMALL_LETTERS.match(name)
    ]
    if not words or looks_like_mouse(names):
        return []
    index = gene_index()
    unknown = [
        name
        for name in words
        if index.resolve(name).via == "unknown"
        # Arrays print some genes with small letters inside (`ProSAPiP1`).
        and not (CAMEL.search(name) and index.resolve(name.upper()).symbol)
    ]
    return unknown if len(unknown) < len(names) / 2 else []


def _numbers(
    frame: pl.DataFrame, ids: Sequence[str], path: Path, first_line: int
) -> tuple[pl.DataFrame, list[Rejected]]:
    """All columns as Float64; what is no number is listed and becomes missing."""
    import polars as pl

    rejected, columns = [], []
    for column in frame.get_columns():
        number = column.cast(pl.Float64, strict=False)
        if column.dtype == pl.String:
            wrong = (number.is_null() & column.is_not_null()).arg_true()
            rejected += [
                Rejected(
                    path.name,
                    first_line + int(i),
                    ids[i],
                    column.name,
                    column[i],
                    "not a number",
                    "correct the value or leave the cell empty",
                )
                for i in wrong
            ]
        columns.append(number)
    if rejected and len(rejected) > frame.height * frame.width / 2:
        raise UnreadableError(
            f"{path.name}: most cells are no numbers ({rejected[0].column}: "
            f"{rejected[0].value!r}); give a matrix of expression values"
        )
    return pl.DataFrame(columns), rejected


def _gct(path: Path) -> ExpressionMatrix:
    """GCT 1.2 and 1.3; annotation columns and rows are left out."""
    raw = file_text(path)
    head = raw.split(b"\n", 2)
    size = head[1].split() if len(head) > 2 else []
    if len(size) not in {2, 4} or not all(part.isdigit() for part in size):
        raise UnreadableError(
            f"{path.name}: line 2 states no size; a GCT file begins with #1.2 and its dimensions"
        )
    shape = [int(part) for part in size]
    frame = text_frame(raw, path, skip=2)
    notes, heads = (shape[2], shape[3]) if len(shape) == 4 else (1, 0)
    del raw
    frame = frame.drop(frame.columns[1 : 1 + notes])[heads:]
    if frame.shape != (shape[0], shape[1] + 1):
        raise UnreadableError(
            f"{path.name}: line 2 announces {shape[0]} genes × {shape[1]} samples, "
            f"but there are {frame.height} × {frame.width - 1}; correct the file"
        )
    return _from_frame([frame].pop, path, samples_in_rows=False, first_line=4 + heads)


def write_wide(
    path: Path, samples: Sequence[str], names: Sequence[str], scores: np.ndarray
) -> None:
    """Writes samples × signatures, first column `sample`, as Parquet, CSV or TSV by the suffix.

    NaN is written as missing. The file appears whole or not at all.
    """
    import polars as pl

    columns = [pl.Series("sample", list(samples), dtype=pl.String)]
    columns += [
        pl.Series(name, scores[:, i], dtype=pl.Float64).fill_nan(None)
        for i, name in enumerate(names)
    ]
    frame = pl.DataFrame(columns)
    path = Path(path)
    if path.suffix not in {".parquet", ".csv", ".tsv"}:
        raise UnreadableError(f"{path.name}: give an output that ends in .parquet, .csv or .tsv")
    write_whole_table(path, frame)
