/**
 * The bytes of a run's report, from wherever it is: the event itself, a URL, a ConfigMap, or the log of the Job's pod.
 */
import { createHash } from 'node:crypto';
import type { ReportFormat, ReportSource } from '../events/report-ready.ts';
import { RefusedSource } from '../remote/refused-source.ts';
import type { SourceReader } from '../remote/sources.ts';
import { LogTooLong, type PodLogs } from '../scans/pod-logs.ts';
import type { ConfigMaps } from '../scans/policies.ts';
import type { EvaluationRequest } from './evaluation-request.ts';

/** There is no report, or none that may be read: the text says why. */
export class NoReport extends Error {
  constructor(problem: string, options?: ErrorOptions) {
    super(problem, options);
    this.name = 'NoReport';
  }
}

export interface FoundReport {
  readonly bytes: Uint8Array;
  /** As the sender says. */
  readonly format?: ReportFormat;
  /** The container in whose log it is, where the log may have lost its beginning. */
  readonly cutBy?: string;
}

export interface ReportServices {
  readonly configMaps: ConfigMaps;
  readonly logs: PodLogs;
  readonly sources: SourceReader;
  /** Bytes of a report. */
  readonly largest: number;
}

/** Milliseconds to fetch a report. */
const DEADLINE = 20_000;

/** The containers in whose logs a report may be, the report itself before what the pod says of it. */
const CONTAINERS = ['scanner', 'summary'];

const fromLog = async ({ scan, run }: EvaluationRequest, { logs, largest }: ReportServices): Promise<FoundReport> => {
  for (const container of CONTAINERS) {
    const log = await logs.read(scan.namespace, run, container, largest);
    if (log !== undefined) return { bytes: log.bytes, ...(log.mayBeCut && { cutBy: container }) };
  }
  throw new NoReport(`the Job has no pod that succeeded with a log of container ${CONTAINERS.join(' or ')}`);
};

const fromConfigMap = async (
  namespace: string,
  { name, key }: NonNullable<ReportSource['configMap']>,
  configMaps: ConfigMaps,
): Promise<Uint8Array> => {
  const configMap = await configMaps.get(namespace, name);
  if (configMap === undefined) throw new NoReport(`there is no ConfigMap ${namespace}/${name}`);
  const text = configMap.data[key];
  if (text !== undefined) return Buffer.from(text);
  const base64 = configMap.binaryData[key];
  if (base64 === undefined) throw new NoReport(`ConfigMap ${namespace}/${name} has no key ${key}`);
  return Buffer.from(base64, 'base64');
};

const fromSource = async (
  { scan: { namespace } }: EvaluationRequest,
  { inline, encoding, dataref, configMap }: ReportSource,
  { sources, configMaps, largest }: ReportServices,
): Promise<Uint8Array> => {
  if (inline !== undefined) return Buffer.from(inline, encoding ?? 'utf8');
  if (configMap !== undefined) return fromConfigMap(namespace, configMap, configMaps);
  return sources.fetchSource(dataref ?? '', { namespace, maximum: largest, deadline: DEADLINE });
};

const checkDigest = (bytes: Uint8Array, promised: string | undefined): void => {
  const found = createHash('sha256').update(bytes).digest('hex');
  if (promised !== undefined && promised !== found)
    throw new NoReport(`the report has the SHA-256 ${found}, and not the one that was promised`);
};

/** Finds a run's report. Throws `NoReport`, and `Unavailable` where it may be had another time. */
export const findReport = async (request: EvaluationRequest, services: ReportServices): Promise<FoundReport> => {
  const { report } = request;
  try {
    if (report === undefined) return await fromLog(request, services);
    const bytes = await fromSource(request, report, services);
    checkDigest(bytes, report.sha256);
    return { bytes, ...(report.format && { format: report.format }) };
  } catch (error) {
    if (error instanceof RefusedSource || error instanceof LogTooLong)
      throw new NoReport(error.message, { cause: error });
    throw error;
  }
};
