/** A job event of any shape, told by its content. */
import { isApiServerEvent, isJob, readJob } from './apiserver.ts';
import type { Event } from './event.ts';
import { isExporterData, readExporterData } from './exporter.ts';
import type { JobEvent } from './job-facts.ts';
import { isNativeData, readNativeData } from './native.ts';
import { Rejected } from './rejected.ts';
import type { Ignored, Scope } from './scope.ts';

/** Tells the shape of a job event by its content and reads it. Throws `Rejected`, naming the field. */
export const readJobEvent = (event: Event, scope: Scope): JobEvent | Ignored => {
  const { data } = event;
  if (isJob(data)) return readJob(event, scope);
  if (isApiServerEvent(event)) return { ignored: 'the object is not a Job' };
  if (isExporterData(data)) return readExporterData(event, scope);
  if (isNativeData(data)) return readNativeData(event, scope);
  throw new Rejected('data', 'must hold scan and run, a Kubernetes Event with its involvedObject, or a Job');
};
