import { Drawer } from "antd";
import { useAlert } from "../api/queries";
import { useI18n } from "../i18n";
import { titleOf } from "../incident/summary";
import { Await } from "../ui/State";
import { useEscape } from "../ui/useEscape";
import { Evidence } from "./Evidence";
import { Steps } from "./Steps";

interface Props {
  /** The alert whose evidence is shown; none closes the drawer. */
  id: string | undefined;
  /** The alerts of the page, in the order in which it shows them. */
  order: readonly string[];
  open: (id: string | undefined) => void;
}

/**
 * The evidence of an alert beside the page. There is no mask: the page stays
 * usable, and choosing another alert shows that one.
 */
export function EvidenceDrawer({ id, order, open: show }: Props) {
  const { t } = useI18n();
  const query = useAlert(id);
  const open = id !== undefined;
  const close = () => { show(undefined); };
  useEscape(open, close);
  return (
    <Drawer
      open={open}
      onClose={close}
      mask={false}
      keyboard={false}
      size={600}
      title={query.data ? titleOf(query.data) : t("evidence.title")}
      extra={open && <Steps order={order} current={id} open={show} />}
      closable={{ "aria-label": t("evidence.close") }}
      destroyOnHidden
      rootClassName="evidence-drawer"
    >
      {open && <Await query={query}>{(alert) => <Evidence alert={alert} />}</Await>}
    </Drawer>
  );
}
