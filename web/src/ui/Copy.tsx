import { CheckOutlined, CopyOutlined } from "@ant-design/icons";
import { useEffect, useState } from "react";
import { useI18n } from "../i18n";

/** A small button that copies a text; it says for a moment that it did. */
export function CopyButton({ text, label }: { text: string; label?: string }) {
  const { t } = useI18n();
  const [state, setState] = useState<"copy" | "done" | "failed">("copy");
  useEffect(() => {
    if (state === "copy") return;
    const timer = setTimeout(() => { setState("copy"); }, 1500);
    return () => { clearTimeout(timer); };
  }, [state]);
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => { setState("done"); },
      () => { setState("failed"); },
    );
  };
  const title = state === "copy" ? (label ?? t("copy.copy")) : t(`copy.${state}`);
  return (
    <button
      type="button"
      className={`copy copy-${state}`}
      title={title}
      aria-label={title}
      onClick={(event) => {
        event.stopPropagation();
        copy();
      }}
    >
      {state === "done" ? <CheckOutlined /> : <CopyOutlined />}
      {label && <span>{title}</span>}
    </button>
  );
}
