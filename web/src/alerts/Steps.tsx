import { LeftOutlined, RightOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useI18n } from "../i18n";

interface Props {
  /** The alerts that can be stepped through, in their order. */
  order: readonly string[];
  current: string;
  open: (id: string) => void;
}

/** The way to the alert before and after, without leaving the evidence. */
export function Steps({ order, current, open }: Props) {
  const { t } = useI18n();
  const at = order.indexOf(current);
  if (at < 0) return null;
  const step = (to: number, label: string, icon: React.ReactNode) => {
    const id = order[to];
    return (
      <Button
        type="text"
        size="small"
        icon={icon}
        title={label}
        aria-label={label}
        disabled={id === undefined}
        onClick={() => { if (id !== undefined) open(id); }}
      />
    );
  };
  return (
    <span className="steps">
      {step(at - 1, t("evidence.previous"), <LeftOutlined />)}
      <span className="figures muted">
        {at + 1} / {order.length}
      </span>
      {step(at + 1, t("evidence.next"), <RightOutlined />)}
    </span>
  );
}
