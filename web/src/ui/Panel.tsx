import { useId, type ReactNode } from "react";

interface Props {
  title: string;
  /** Anchor of the section. */
  id?: string;
  extra?: ReactNode;
  className?: string;
  children: ReactNode;
}

/** A titled section of a page. */
export function Panel({ title, id, extra, className = "", children }: Props) {
  const heading = useId();
  return (
    <section className={`panel ${className}`} id={id} aria-labelledby={heading}>
      <header className="panel-head">
        <h2 id={heading}>{title}</h2>
        {extra && <div className="panel-extra">{extra}</div>}
      </header>
      <div className="panel-body">{children}</div>
    </section>
  );
}
