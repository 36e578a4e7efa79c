/** What brings a real cluster's events to the functions: shaped as kubernetes-event-exporter and ApiServerSource do. */
import { randomUUID } from 'node:crypto';
import { isJsonObject, type JsonObject } from '../../../shared/conditions/status.ts';
import { factOfReason } from '../../../shared/events/exporter.ts';
import { JOB_FINISHED, JOB_STARTED } from '../../../shared/events/types.ts';
import { type Sent, send } from '../../support/http-client.ts';
import { apiOf } from './api.ts';
import type { Access } from './cluster.ts';
import { watches } from './watch.ts';

/** A request that a source has sent, and how it was answered. */
interface Delivered {
  /** Of a Kubernetes Event its reason; of a Job how it changed. */
  readonly what: string;
  readonly body: JsonObject;
  readonly status: number;
  readonly answer: string;
}

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Fields => (isJsonObject(value) ? value : {});

/** The fields of these names, in this order, that are there. */
const pick = (fields: Fields, ...names: readonly string[]): JsonObject =>
  Object.fromEntries(names.filter((name) => fields[name] !== undefined).map((name) => [name, fields[name]]));

/** What the exporter adds of the object that an event is about; all that it says of one that is gone is that. */
const enhanced = (involved: Fields, found: JsonObject | undefined): JsonObject => {
  const reference = pick(involved, 'kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion');
  if (found === undefined) return { ...reference, deleted: true };
  const metadata = fieldsOf(found.metadata);
  return {
    ...reference,
    ...pick(metadata, 'labels', 'annotations', 'ownerReferences'),
    deleted: metadata['deletionTimestamp'] !== undefined,
  };
};

/** @see https://github.com/resmoio/kubernetes-event-exporter (pkg/kube/event.go: ToJSON) */
const exported = (event: JsonObject, found: JsonObject | undefined): JsonObject => ({
  metadata: pick(fieldsOf(event.metadata), 'name', 'namespace', 'uid', 'resourceVersion', 'creationTimestamp'),
  ...pick(event, 'reason', 'message', 'source', 'firstTimestamp', 'lastTimestamp', 'count', 'type', 'eventTime'),
  ...{ reportingComponent: event.reportingComponent, reportingInstance: event.reportingInstance, clusterName: '' },
  involvedObject: enhanced(fieldsOf(event.involvedObject), found),
});

/** Binary mode through the exporter's webhook receiver, whose `ce-*` headers are templates. */
const exporterRequest = (body: JsonObject): Sent => {
  const { uid, namespace } = fieldsOf(body.metadata);
  const [path, type] =
    factOfReason(body.reason) === 'finished' ? ['/job-finished', JOB_FINISHED] : ['/job-started', JOB_STARTED];
  const headers = {
    'ce-id': String(uid),
    'ce-source': `/apis/batch/v1/namespaces/${namespace}/jobs`,
    'ce-specversion': '1.0',
    'ce-subject': String(fieldsOf(body.involvedObject)['name']),
    'ce-time': String(body.firstTimestamp),
    'ce-type': type,
    'content-type': 'application/json',
  };
  return { path, headers, body: JSON.stringify(body) };
};

const APISERVER_CHANGE = { ADDED: 'add', MODIFIED: 'update', DELETED: 'delete' } as const;

/** Binary mode, resource mode. @see https://knative.dev/docs/eventing/sources/apiserversource/reference/ */
const apiServerRequest = (change: string, url: string, job: JsonObject): Sent => {
  const { name, namespace } = fieldsOf(job.metadata) as { readonly name: string; readonly namespace: string };
  const headers = {
    'ce-id': randomUUID(),
    'ce-source': url,
    'ce-specversion': '1.0',
    'ce-subject': `/apis/batch/v1/namespaces/${namespace}/jobs/${name}`,
    'ce-time': new Date().toISOString(),
    'ce-type': `dev.knative.apiserver.resource.${change}`,
    'ce-kind': 'Job',
    'ce-name': name,
    'ce-namespace': namespace,
    'content-type': 'application/json',
  };
  return { path: '/', headers, body: JSON.stringify(job) };
};

export interface EventSource {
  /** All that it has sent so far. */
  readonly delivered: readonly Delivered[];
}

type StartSource = (access: Access, namespace: string, url: string) => Promise<EventSource>;

/** Call it where tests are described: what it gives watches a namespace until its test ends. */
export const eventSources = (): { readonly eventExporter: StartSource; readonly apiServerSource: StartSource } => {
  const watch = watches();

  const deliverTo = (url: string, delivered: Delivered[]) => async (what: string, body: JsonObject, sent: Sent) => {
    const { status, body: answer } = await send(url, sent);
    delivered.push({ what, body, status, answer });
  };
  /** The Events about Jobs, to the function that takes each. */
  const eventExporter: StartSource = async (access, namespace, url) => {
    const admin = apiOf(access);
    const delivered: Delivered[] = [];
    const deliver = deliverTo(url, delivered);
    const find = async (name: unknown): Promise<JsonObject | undefined> => {
      const { code, body } = await admin.get(`/apis/batch/v1/namespaces/${namespace}/jobs/${name}`);
      return code === 404 ? undefined : body;
    };
    const seen = async (event: JsonObject): Promise<void> => {
      const involved = fieldsOf(event.involvedObject);
      if (involved['kind'] !== 'Job' || factOfReason(event.reason) === undefined) return;
      const body = exported(event, await find(involved['name']));
      await deliver(String(event.reason), body, exporterRequest(body));
    };
    await watch(access, `/api/v1/namespaces/${namespace}/events`, ({ object }) => seen(object));
    return { delivered };
  };
  /** The Jobs, whole and as they change, to all functions. */
  const apiServerSource: StartSource = async (access, namespace, url) => {
    const delivered: Delivered[] = [];
    const deliver = deliverTo(url, delivered);
    const jobs = `/apis/batch/v1/namespaces/${namespace}/jobs`;
    await watch(access, jobs, ({ type, object }) =>
      deliver(type, object, apiServerRequest(APISERVER_CHANGE[type], access.url, object)),
    );
    return { delivered };
  };
  return { eventExporter, apiServerSource };
};
