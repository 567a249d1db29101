// The shapes of the API, as the console reads them.

export interface HostRef {
  id: string;
  name?: string;
}

export interface User {
  id: number;
  name?: string;
}

export interface ProcessContext {
  id: string;
  kind: string;
  root?: string;
  parent?: string;
  service?: string;
}

export interface Container {
  state: string;
  id?: string;
  name?: string;
  runtime?: string;
  image?: { name?: string; digest?: string };
}

export interface Hash {
  sha256?: string;
  state?: string;
}

export interface Process {
  key?: string;
  pid?: number;
  exec?: number;
  start?: string;
  name?: string;
  executable?: string;
  args?: string[];
  args_truncated?: boolean;
  command_line?: string;
  working_directory?: string;
  user?: User;
  effective_user?: User;
  hash?: Hash;
  tty?: string;
  exe?: { inode?: string; deleted: boolean; memfd: boolean; tmpfs: boolean };
  script?: string;
  kernel_thread?: boolean;
  server?: boolean;
  old_name?: string;
  old_command_line?: string;
  parent?: Process;
  ancestors?: Process[];
  context?: ProcessContext;
}

export interface File {
  path?: string;
  inode?: string;
  size?: number;
  mode?: string;
  mount?: string;
  hash?: Hash;
  sensitive?: string;
  target?: File;
}

export interface Endpoint {
  ip?: string;
  port?: number;
}

export interface HostEvent {
  org?: string;
  host?: HostRef;
  boot?: string;
  seq?: number;
  time: string;
  kind: string;
  process?: Process;
  target?: Process;
  file?: File;
  source?: Endpoint;
  destination?: Endpoint;
  dns?: { question: { name: string; type?: string }; answers?: string[] };
  container?: Container;
  message?: string;
}

export interface Entity {
  type: string;
  value: string;
  role?: string;
  inode?: string;
  port?: number;
}

export interface Rule {
  id?: string;
  title?: string;
  level?: string;
  tactics?: string[];
  techniques?: string[];
}

export interface Alert {
  id: string;
  revision?: number;
  kind?: string;
  time: string;
  last?: string;
  org?: string;
  host: HostRef;
  rule?: Rule;
  lineage?: string;
  context?: string;
  service?: string;
  entities?: Entity[];
  count?: number;
  event?: HostEvent;
  incident?: string;
}

export interface Reason {
  a: string;
  b: string;
  reason: string;
  entity?: string;
  weight: number;
}

export interface Answer {
  state: string;
  evidence?: string[];
}

export interface Incident {
  id: string;
  revision?: number;
  org?: string;
  opened: string;
  updated: string;
  status: string;
  merged_into?: string;
  level?: string;
  score: number;
  title: string;
  account: string;
  account_zh?: string;
  hosts: HostRef[] | null;
  alerts: string[] | null;
  count?: number;
  entities: Entity[] | null;
  reasons: Reason[] | null;
  tactics: string[] | null;
  answers?: Record<string, Answer>;
}

/** A process of an incident, as a node of its tree. */
export interface IncidentProcess {
  key: string;
  parent?: string;
  pid: number;
  executable?: string;
  command_line?: string;
  user?: string;
  start?: string;
  host: HostRef;
  context?: ProcessContext;
  container?: Container;
  alerts?: string[];
}

export interface HostClass {
  class: string;
  state: string;
  seen: number;
  lost: number;
}

export interface HostHook {
  name: string;
  attached: boolean;
  error?: string;
}

export interface Host {
  id: string;
  name: string;
  org?: string;
  connected: boolean;
  last_seen?: string;
  enrolled?: string;
  version?: string;
  kernel?: string;
  boot?: string;
  /** Tier of the sensor, 1 to 4; 0 before the first heartbeat. */
  tier?: number;
  armed: boolean;
  scope?: string;
  spool_bytes?: number;
  rss_bytes?: number;
  cpu_seconds?: number;
  processes?: number;
  revoked?: boolean;
  classes?: HostClass[];
  hooks?: HostHook[];
}

export interface Page<T> {
  items: T[] | null;
  next?: string;
}

/** Who is signed in. */
export interface Me {
  name: string;
  org: string;
  role: string;
  /** False after a login with a one-time password: one's own must be set. */
  password_set: boolean;
}

/** The health of the whole. */
export interface Status {
  version: string;
  hosts: { total: number; connected: number; armed: number; revoked: number };
  lost: number;
  spool_bytes: number;
  /** lag is the number of messages of the log that are still to be read. */
  engine: { position: number; last: number; lag: number };
}
