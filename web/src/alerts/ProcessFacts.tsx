import type { Container, Hash, Process, User } from "../api/types";
import { named, useI18n } from "../i18n";
import { Code } from "../ui/Code";
import { Fact, Facts } from "../ui/Facts";
import { Time } from "../ui/Time";

function userName(user: User | undefined): string {
  return user ? `${user.name ?? "?"} (${user.id})` : "–";
}

/** A content hash, or why there is none. */
export function HashValue({ hash }: { hash: Hash | undefined }) {
  const { t } = useI18n();
  if (hash?.sha256) return <Code>{hash.sha256}</Code>;
  return <span className="muted">{hash?.state ? named(t, "evidence.hash", hash.state) : "–"}</span>;
}

function Image({ process }: { process: Process }) {
  const { t } = useI18n();
  const marks = (["deleted", "memfd", "tmpfs"] as const).filter((mark) => process.exe?.[mark]);
  return (
    <>
      <Code>{process.executable ?? "–"}</Code>
      {marks.map((mark) => (
        <span key={mark} className="chip chip-warn">
          {t(`evidence.executable.${mark}`)}
        </span>
      ))}
    </>
  );
}

/** The parents of a process, nearest first, each with its command line. */
function Parents({ process }: { process: Process }) {
  const line = [...(process.parent ? [process.parent] : []), ...(process.ancestors ?? [])];
  if (line.length === 0) return <span className="muted">–</span>;
  return (
    <ol className="plain parents">
      {line.map((parent, at) => (
        <li key={parent.key ?? at}>
          <span className="figures muted">{parent.pid}</span>
          <Code>{parent.command_line ?? parent.executable ?? "?"}</Code>
        </li>
      ))}
    </ol>
  );
}

function ContainerFacts({ container }: { container: Container | undefined }) {
  const { t } = useI18n();
  if (!container) return <Fact label={t("evidence.container")}><span className="muted">{t("evidence.container.none")}</span></Fact>;
  return (
    <>
      <Fact label={t("evidence.container")}>
        {container.name ?? container.id?.slice(0, 12)}{" "}
        {container.state !== "ok" && <span className="muted">{named(t, "evidence.container", container.state)}</span>}
      </Fact>
      {container.image?.name && <Fact label={t("evidence.image")}><Code>{container.image.name}</Code></Fact>}
    </>
  );
}

/** The process that an event is about. */
export function ProcessFacts({ process, container }: { process: Process; container: Container | undefined }) {
  const { t } = useI18n();
  const context = process.context;
  return (
    <Facts>
      {process.old_command_line && <Fact label={t("evidence.was")}><Code>{process.old_command_line}</Code></Fact>}
      {process.old_name && (
        <Fact label={t("evidence.renamed")}>
          <code>{process.old_name} → {process.name}</code>
        </Fact>
      )}
      <Fact label={t("evidence.executable")}><Image process={process} /></Fact>
      <Fact label={t("evidence.hash")}><HashValue hash={process.hash} /></Fact>
      <Fact label={t("evidence.pid")}>
        {t("tree.pid", { pid: process.pid ?? "–" })} <span className="muted"><Time value={process.start} /></span>
      </Fact>
      <Fact label={t("evidence.user")}>{userName(process.user)}</Fact>
      {process.working_directory && <Fact label={t("evidence.cwd")}><Code>{process.working_directory}</Code></Fact>}
      <Fact label={t("evidence.parents")}><Parents process={process} /></Fact>
      {context && (
        <Fact label={t("evidence.context")}>
          <span title={context.id}>{named(t, "tree.context", context.kind)}</span> <span className="muted">{context.service}</span>
        </Fact>
      )}
      <ContainerFacts container={container} />
    </Facts>
  );
}
