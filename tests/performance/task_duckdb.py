"""The smaller races as DuckDB does them: `python -m tests.performance.task_duckdb TASK FOLDER OUT`, two threads, Parquet with zstd."""

from __future__ import annotations

import sys

import duckdb

from tests.performance.task_data import BANDS, COUNTRIES, KINDS, cases

FORMAT = "(FORMAT parquet, COMPRESSION zstd)"


def main() -> None:
    task, folder, out = sys.argv[1:4]
    link = duckdb.connect()
    link.execute("SET threads=2")
    link.execute(f"COPY ({QUERIES[task](folder)}) TO '{out}/{task}.parquet' {FORMAT}")


def lookup(folder: str) -> str:
    return f"""SELECT f.id, e.label, (e.price * f.qty)::DECIMAL(14,2) AS total
        FROM read_csv('{folder}/facts.csv', columns={{id: 'BIGINT', code: 'VARCHAR', qty: 'BIGINT'}}) f
        JOIN read_csv('{folder}/entries.csv', columns={{code: 'VARCHAR', label: 'VARCHAR', price: 'DECIMAL(12,2)'}}) e USING (code)
        ORDER BY f.id"""


def group(folder: str) -> str:
    return f"""SELECT code, list({{place: place, id: id, qty: qty}} ORDER BY place, id) AS lines, sum(qty)::BIGINT AS total
        FROM read_csv('{folder}/orders.csv', columns={{id: 'BIGINT', code: 'VARCHAR', place: 'BIGINT', qty: 'BIGINT'}})
        GROUP BY code ORDER BY min(id)"""


def decide(folder: str) -> str:
    labels = [f"{country}-{kind}-{floor}" for country in COUNTRIES for kind in KINDS for _, _, floor in BANDS]
    return f"""WITH rules AS (SELECT generate_subscripts({labels!r}, 1) - 1 AS zone, unnest({labels!r}) AS class),
        found AS (SELECT id, {cases()} AS zone
            FROM read_csv('{folder}/parcels.csv', columns={{id: 'BIGINT', country: 'VARCHAR', kind: 'VARCHAR', weight: 'DECIMAL(6,2)'}}))
        SELECT id, coalesce(class, 'none') AS class, coalesce(zone, 0)::BIGINT AS zone FROM found LEFT JOIN rules USING (zone) ORDER BY id"""


QUERIES = {"lookup": lookup, "group": group, "decide": decide}

if __name__ == "__main__":
    main()
