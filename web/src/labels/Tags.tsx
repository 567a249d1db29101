import type { Labels } from "../api/types";
import { useI18n } from "../i18n";

const parts = ["service", "owner", "group"] as const;

/** Labels as chips, the service first; nothing where there are none. */
export function Tags({ labels }: { labels: Labels | undefined }) {
  const { t } = useI18n();
  return (
    <span className="tags">
      {parts.map((part) => {
        const label = labels?.[part];
        return label && <span key={part} className={`chip tag-${part}`} title={`${t(`labels.${part}`)}: ${label}`}>{label}</span>;
      })}
    </span>
  );
}

/** The labels of several things, each once. */
export function AllTags({ values }: { values: readonly Labels[] }) {
  return <span className="tags-all">{values.map((labels) => <Tags key={JSON.stringify(labels)} labels={labels} />)}</span>;
}
