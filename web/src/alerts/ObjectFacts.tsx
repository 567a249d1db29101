import type { Endpoint, HostEvent } from "../api/types";
import { useI18n } from "../i18n";
import { Code } from "../ui/Code";
import { Fact, Facts } from "../ui/Facts";
import { bytes } from "../ui/format";
import { HashValue } from "./ProcessFacts";

/** An endpoint as address:port, the address of IPv6 in brackets. */
export function endpoint(end: Endpoint): string {
  const ip = end.ip ?? "?";
  if (!end.port) return ip;
  return ip.includes(":") ? `[${ip}]:${end.port}` : `${ip}:${end.port}`;
}

/** What the process acted on: a file, a peer, a name. */
export function ObjectFacts({ event }: { event: HostEvent }) {
  const { t } = useI18n();
  const { file, dns } = event;
  if (!file && !event.destination && !event.source && !dns && !event.message) return null;
  return (
    <Facts>
      {file && (
        <Fact label={t("evidence.file")}>
          <Code>{file.path ?? file.inode ?? "?"}</Code>
          {file.target?.path && <Code>{`→ ${file.target.path}`}</Code>}
          <span className="muted">{[file.mode, file.size === undefined ? "" : bytes(file.size), file.mount].filter(Boolean).join(" · ")}</span>
        </Fact>
      )}
      {file?.hash && <Fact label={t("evidence.hash")}><HashValue hash={file.hash} /></Fact>}
      {dns && <Fact label={t("evidence.dns")}><Code>{dns.question.name}</Code> <span className="muted">{dns.question.type} {dns.answers?.join(", ")}</span></Fact>}
      {event.destination && <Fact label={t("evidence.destination")}><Code>{endpoint(event.destination)}</Code></Fact>}
      {event.source && <Fact label={t("evidence.source")}><Code>{endpoint(event.source)}</Code></Fact>}
      {event.message && <Fact label={t("evidence.message")}>{event.message}</Fact>}
    </Facts>
  );
}
