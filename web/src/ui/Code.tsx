import { CopyButton } from "./Copy";

interface Props {
  children: string;
  /** One line with an ellipsis, or the whole text, wrapped. */
  wrap?: boolean;
  copy?: boolean;
}

/** A command line, path, hash or address: monospace, copyable, never too wide. */
export function Code({ children, wrap = false, copy = true }: Props) {
  return (
    <span className={wrap ? "code code-wrap" : "code"}>
      <code title={wrap ? undefined : children}>{children}</code>
      {copy && <CopyButton text={children} />}
    </span>
  );
}
