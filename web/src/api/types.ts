// The shapes of the API by short names. They come from schema.ts, which is
// generated from the server's OpenAPI document: npm run schema.
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Alert = Schemas["Alert"];
export type AlertProvenance = Schemas["AlertProvenance"];
export type Assignment = Schemas["Assignment"];
export type Answer = Schemas["ProvenanceAnswer"];
export type Change = Schemas["ProvenanceChange"];
export type Container = Schemas["EventContainer"];
export type Decision = Schemas["Decision"];
export type DecisionWish = Schemas["DecideInputBody"];
export type Endpoint = Schemas["EventEndpoint"];
export type Exception = Schemas["Exception"];
export type Firing = Schemas["Firing"];
export type Graph = Schemas["ProvenanceGraph"];
export type GraphEdge = Schemas["ProvenanceEdge"];
export type GraphNode = Schemas["ProvenanceNode"];
export type Entity = Schemas["AlertEntity"];
export type Hash = Schemas["EventHash"];
export type Host = Schemas["Host"];
export type HostClass = Schemas["Class"];
export type HostEvent = Schemas["Event"];
export type HostRef = Schemas["EventHost"];
export type Incident = Schemas["Incident"];
/** A process of an incident, as a node of its tree. */
export type IncidentProcess = Schemas["Process"];
export type Intrusion = Schemas["ProvenanceIntrusion"];
export type IntrusionFile = Schemas["ProvenanceFile"];
export type IntrusionProcess = Schemas["ProvenanceProcess"];
/** A reason whose weight analysts' verdicts changed. */
export type Lesson = Schemas["IncidentTaught"];
export type Labels = Schemas["Labels"];
export type Me = Schemas["Me"];
export type Nearby = Schemas["NearbyEvents"];
export type Pack = Schemas["Pack"];
export type Peer = Schemas["ProvenancePeer"];
export type Preview = Schemas["Preview"];
export type Problem = Schemas["Problem"];
export type Proposal = Schemas["Proposal"];
export type Process = Schemas["EventProcess"];
export type Read = Schemas["ProvenanceRead"];
export type Reason = Schemas["IncidentReason"];
export type Root = Schemas["ProvenanceRoot"];
export type Rule = Schemas["CountedRule"];
export type Sibling = Schemas["Sibling"];
export type Source = Schemas["Source"];
export type Stage = Schemas["ProvenanceStage"];
export type Status = Schemas["Status"];
export type User = Schemas["EventUser"];

/** What the live stream says when an incident became part of an older one: Merge of the server's package api. */
export interface Merge {
  from: string;
  into: string;
  from_title: string;
  into_title: string;
  reasons: Reason[];
}

/** A page of any list; next is the cursor of the page after, "" at the end. */
export interface Page<T> {
  items: T[];
  next: string;
}
