import type { Exception, Firing } from "../api/types";
import { useI18n } from "../i18n";
import { Code } from "../ui/Code";
import { Fact, Facts } from "../ui/Facts";
import { hostName } from "../ui/Hosts";
import { Level } from "../ui/Level";
import { Await } from "../ui/State";
import { Time } from "../ui/Time";
import { useHidden } from "./queries";

function Hidden({ firing }: { firing: Firing }) {
  return (
    <tr>
      <td><Time value={firing.time} /></td>
      <td><Level value={firing.rule.level} /></td>
      <td>{firing.rule.title ?? firing.rule.id}</td>
      <td>{hostName(firing.host)}</td>
      <td><code>{firing.event.process?.command_line ?? firing.event.process?.executable ?? firing.event.kind}</code></td>
    </tr>
  );
}

/** An exception whole, with the latest firings that it hid. */
export function ExceptionDetail({ exception: x }: { exception: Exception }) {
  const { t } = useI18n();
  const query = useHidden(x.id);
  return (
    <div className="rule-detail">
      <Facts>
        <Fact label={t("exceptions.id")}><Code>{x.id}</Code></Fact>
        <Fact label={t("exceptions.rules")}>{x.rules?.join(", ") ?? t("exceptions.any")}</Fact>
        <Fact label={t("exceptions.hosts")}>{x.hosts?.join(", ") ?? t("exceptions.any")}</Fact>
        <Fact label={t("exceptions.created")}><Time value={x.created} /></Fact>
        {x.removed && <Fact label={t("exceptions.removed")}><Time value={x.removed} /> {x.removed_by}</Fact>}
      </Facts>
      {x.selection && <Code wrap>{x.selection}</Code>}
      <h3 className="sub">{t("exceptions.hidden")}</h3>
      <Await query={query}>
        {(page) =>
          page.items.length === 0 ? (
            <p className="muted">{t("exceptions.hidden.empty")}</p>
          ) : (
            <table className="plain-table">
              <tbody>{page.items.map((firing) => <Hidden key={firing.hits} firing={firing} />)}</tbody>
            </table>
          )
        }
      </Await>
    </div>
  );
}
