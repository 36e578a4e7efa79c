/** Tokens of EKS: the same as an independent implementation makes, one for all who ask, and renewed before they end. */
import { describe, expect, it } from '@jest/globals';
import type { AwsCredentials } from '../../shared/scans/aws-credentials.ts';
import { awsUrl } from '../../shared/scans/aws-endpoints.ts';
import { signedHeaders } from '../../shared/scans/aws-signature.ts';
import { eksToken, tokenKeeper } from '../../shared/scans/eks-token.ts';
import { botocoreAnswers, credentialsOf, partsOf, placeOf, urlIn } from '../support/eks-tokens.ts';

const TITLE = '$cluster in $region at $date, FIPS $isFips';

describe('a token', () => {
  it.each(botocoreAnswers)(`is the one that botocore makes: ${TITLE}`, async (answer) => {
    const token = await eksToken(answer.cluster, placeOf(answer), credentialsOf(answer), new Date(answer.date));
    expect(partsOf(token)).toEqual(partsOf(answer.token));
    expect(token).toMatch(/^k8s-aws-v1\.[\w-]+$/);
  });

  it.each(botocoreAnswers)(`goes with a DescribeCluster signed as botocore signs it: ${TITLE}`, async (answer) => {
    const { region, describe: asked, cluster } = answer;
    const url = new URL(`clusters/${cluster}`, awsUrl('eks', placeOf(answer)));
    const signing = {
      service: 'eks',
      region,
      credentials: credentialsOf(answer),
      date: new Date(answer.date),
    } as const;
    const headers = await signedHeaders(url, signing);
    expect(url.href).toBe(asked.url);
    expect(headers.authorization).toBe(asked.authorization);
    expect(headers['x-amz-security-token']).toBe(answer.sessionToken);
  });

  it('asks STS elsewhere where a URL says so, under its path and port', async () => {
    const place = { region: 'eu-central-1', isFips: true, urls: { sts: 'http://127.0.0.1:4566/sts' } };
    const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'not-a-secret' };
    const token = await eksToken('prod', place, credentials, new Date());
    expect(urlIn(token)).toMatch(/^http:\/\/127\.0\.0\.1:4566\/sts\?Action=GetCallerIdentity&/);
  });
});

const MINUTE = 60_000;
const START = Date.parse('2026-11-24T04:05:06Z');

/** A keeper on a clock of its own, whose credentials are numbered by how often they were asked for. */
const keeperAt = (trouble: () => Error | undefined = () => undefined, expiresAfter?: number) => {
  let elapsed = 5_000;
  let asked = 0;
  const credentials = async (): Promise<AwsCredentials> => {
    asked += 1;
    const error = trouble();
    if (error !== undefined) throw error;
    const expiresAt = START + elapsed + (expiresAfter ?? 0);
    return {
      accessKeyId: `AKID${asked}`,
      secretAccessKey: 'not-a-secret',
      ...(expiresAfter !== undefined && { expiresAt }),
    };
  };
  const place = { region: 'eu-central-1', isFips: false, urls: {} };
  const clock = { date: () => new Date(START + elapsed), elapsed: () => elapsed };
  const keeper = tokenKeeper('prod', place, credentials, clock);
  return {
    ...keeper,
    /** Which credentials the token of now was made by. */
    by: async () => Number(/AKID(\d+)/.exec(urlIn(await keeper.current()))?.[1]),
    pass: (milliseconds: number) => {
      elapsed += milliseconds;
    },
    asked: () => asked,
  };
};

describe('the token that is kept', () => {
  it('stands for twelve minutes, and is made anew two before its end', async () => {
    const { by, pass } = keeperAt();
    expect(await by()).toBe(1);
    pass(12 * MINUTE - 1);
    expect(await by()).toBe(1);
    pass(1);
    expect(await by()).toBe(2);
    pass(12 * MINUTE - 1);
    expect(await by()).toBe(2);
  });

  it('is one for all who ask at once, at first and when it is renewed', async () => {
    const { current, pass, asked } = keeperAt();
    const everybody = () => Promise.all(Array.from({ length: 20 }, async () => current()));
    expect(new Set(await everybody()).size).toBe(1);
    pass(13 * MINUTE);
    expect(new Set(await everybody()).size).toBe(1);
    expect(asked()).toBe(2);
  });

  it('tells the date at which it was made', async () => {
    const { current, pass } = keeperAt();
    pass(55_000);
    expect(urlIn(await current())).toContain('X-Amz-Date=20261124T040606Z');
  });

  it('is made anew once it is not believed', async () => {
    const { by, forget } = keeperAt();
    expect(await by()).toBe(1);
    forget();
    expect(await by()).toBe(2);
    expect(await by()).toBe(2);
  });

  it('stands to its end while none can be made, and no longer', async () => {
    let trouble: Error | undefined;
    const { by, current, pass } = keeperAt(() => trouble);
    await by();
    trouble = new Error('no credentials today');
    pass(14 * MINUTE - 1);
    expect(await by()).toBe(1);
    pass(1);
    await expect(current()).rejects.toThrow('no credentials today');
    trouble = undefined;
    expect(await by()).toBe(4);
  });

  it('does not stand while none can be made once it is not believed', async () => {
    let trouble: Error | undefined;
    const { by, current, forget } = keeperAt(() => trouble);
    await by();
    trouble = new Error('no credentials today');
    forget();
    await expect(current()).rejects.toThrow('no credentials today');
  });

  it('ends with the credentials that it was made by', async () => {
    const { by, pass } = keeperAt(undefined, 5 * MINUTE);
    expect(await by()).toBe(1);
    pass(3 * MINUTE - 1);
    expect(await by()).toBe(1);
    pass(1);
    expect(await by()).toBe(2);
  });

  it('stands no longer than others where credentials last', async () => {
    const { by, pass } = keeperAt(undefined, 600 * MINUTE);
    await by();
    pass(12 * MINUTE);
    expect(await by()).toBe(2);
  });
});
