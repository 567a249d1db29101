import { Link } from "react-router";
import { useI18n } from "../i18n";
import { Code } from "../ui/Code";
import { Fact, Facts } from "../ui/Facts";
import { Await } from "../ui/State";
import { useSource, type RuleRow } from "./queries";

/** A rule with the file that holds it. */
export function RuleDetail({ rule }: { rule: RuleRow }) {
  const { t } = useI18n();
  const query = useSource(rule.rule);
  return (
    <div className="rule-detail">
      <Facts>
        <Fact label={t("rules.id")}><Code>{rule.rule}</Code></Fact>
        <Fact label={t("rules.file")}><Code>{`${rule.pack}/${rule.file}:${rule.line}`}</Code></Fact>
        <Fact label={t("rules.logsource")}>{rule.logsource}</Fact>
        <Fact label={t("exceptions.title")}>
          <Link to={`/exceptions?new=${encodeURIComponent(rule.rule)}`}>{t("rules.except")}</Link>
        </Fact>
      </Facts>
      <Await query={query}>{(source) => <Code wrap>{source.text}</Code>}</Await>
    </div>
  );
}
