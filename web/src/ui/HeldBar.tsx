import { ArrowUpOutlined } from "@ant-design/icons";

/**
 * Says that new rows wait above the list. It floats, so that its coming and
 * going moves nothing.
 */
export function HeldBar({ text, detail, release }: { text: string | undefined; detail?: string; release: () => void }) {
  return (
    <div className="held" aria-live="polite">
      {text && (
        <button type="button" onClick={release}>
          <ArrowUpOutlined /> <b>{text}</b> {detail && <span>{detail}</span>}
        </button>
      )}
    </div>
  );
}
