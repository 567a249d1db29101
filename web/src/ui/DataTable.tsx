import { Pagination } from "antd";
import { Fragment, useState, type ReactNode } from "react";

/** A column of a DataTable. */
export interface Column<T> {
  key: string;
  title: string;
  /** CSS width; columns without one share what is left. */
  width?: string;
  /** Figures stand on the right. */
  figures?: boolean;
  /** Hidden on screens narrower than this. */
  from?: "lg" | "xl";
  cell: (item: T) => ReactNode;
}

interface Props<T> {
  label: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  rowClass?: (row: T) => string;
  /** What a click on a row does. */
  onRow?: (row: T) => void;
  /** What is shown below a row that was opened; rows open by a click then. */
  detail?: { label: (row: T) => string; render: (row: T) => ReactNode };
  pageSize?: number;
  /** Shown in place of rows. */
  empty?: ReactNode;
}

function cellClass<T>(column: Column<T>): string {
  return [column.figures ? "figures right" : "", column.from ? `from-${column.from}` : ""].join(" ").trim();
}

function Head<T>({ columns, leading }: { columns: readonly Column<T>[]; leading: boolean }) {
  return (
    <>
      <colgroup>
        {leading && <col style={{ width: 34 }} />}
        {columns.map((column) => (
          <col key={column.key} className={column.from ? `from-${column.from}` : ""} style={{ width: column.width }} />
        ))}
      </colgroup>
      <thead>
        <tr>
          {leading && <th aria-hidden="true" />}
          {columns.map((column) => (
            <th key={column.key} scope="col" className={cellClass(column)}>
              {column.title}
            </th>
          ))}
        </tr>
      </thead>
    </>
  );
}

function Toggle({ open, label, toggle }: { open: boolean; label: string; toggle: () => void }) {
  return (
    <td>
      <button
        type="button"
        className="toggle"
        aria-expanded={open}
        aria-label={label}
        onClick={(event) => {
          event.stopPropagation();
          toggle();
        }}
      />
    </td>
  );
}

/**
 * A dense table with a head that stays in sight. It is paged rather than
 * scrolled within, so that a page can be searched and linked.
 */
export function DataTable<T extends { id: string }>(props: Props<T>) {
  const { columns, rows, detail, onRow, pageSize = 100 } = props;
  const [page, setPage] = useState(1);
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const last = Math.max(Math.ceil(rows.length / pageSize), 1);
  const current = Math.min(page, last);

  const toggle = (id: string) => {
    const next = new Set(opened);
    if (!next.delete(id)) next.add(id);
    setOpened(next);
  };
  const click = (row: T) => {
    if (detail) toggle(row.id);
    else onRow?.(row);
  };
  return (
    <>
      <table className="sheet" aria-label={props.label}>
        <Head columns={columns} leading={detail !== undefined} />
        <tbody>
          {rows.slice((current - 1) * pageSize, current * pageSize).map((row) => (
            <Fragment key={row.id}>
              <tr className={`row ${props.rowClass?.(row) ?? ""}`} onClick={() => { click(row); }}>
                {detail && <Toggle open={opened.has(row.id)} label={detail.label(row)} toggle={() => { toggle(row.id); }} />}
                {columns.map((column) => (
                  <td key={column.key} className={cellClass(column)}>
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
              {detail && opened.has(row.id) && (
                <tr className="row-detail">
                  <td colSpan={columns.length + 1}>{detail.render(row)}</td>
                </tr>
              )}
            </Fragment>
          ))}
        </tbody>
      </table>
      {rows.length === 0 && props.empty}
      {last > 1 && (
        <Pagination
          className="pages"
          size="small"
          current={current}
          pageSize={pageSize}
          total={rows.length}
          showSizeChanger={false}
          onChange={setPage}
        />
      )}
    </>
  );
}
