/**
 * Where a service of AWS is asked, in each of its partitions.
 *
 * @see https://docs.aws.amazon.com/general/latest/gr/rande.html
 */

export type AwsService = 'sts' | 'eks';

export interface AwsPlace {
  readonly region: string;
  /** Whether services are asked at their endpoints of validated cryptography. */
  readonly isFips: boolean;
  /** URLs that stand in for a service's own: of a private network, or of a stand-in for AWS. */
  readonly urls: Readonly<Partial<Record<AwsService, string>>>;
}

/** What the names of a partition's regions begin with, and the domain of its services. */
const DOMAINS: readonly (readonly [prefix: string, domain: string])[] = [
  ['cn-', 'amazonaws.com.cn'],
  ['eusc-', 'amazonaws.eu'],
  ['us-iso-', 'c2s.ic.gov'],
  ['us-isob-', 'sc2s.sgov.gov'],
  ['eu-isoe-', 'cloud.adc-e.uk'],
  ['us-isof-', 'csp.hci.ic.gov'],
  ['', 'amazonaws.com'],
];

const FIPS_NAMES = { sts: 'sts-fips', eks: 'eks-fips' } as const;

const nameOf = (service: AwsService, domain: string, { region, isFips }: AwsPlace): string => {
  // All endpoints of us-gov are validated; and only in the partition `aws` EKS has its name the other way round.
  if (!isFips || region.startsWith('us-gov-')) return service;
  return service === 'eks' && domain === 'amazonaws.com' ? 'fips.eks' : FIPS_NAMES[service];
};

/** The regional URL of a service. */
export const awsUrl = (service: AwsService, place: AwsPlace): URL => {
  const { region, urls } = place;
  const domain = DOMAINS.find(([prefix]) => region.startsWith(prefix))?.[1] ?? '';
  return new URL(urls[service] ?? `https://${nameOf(service, domain, place)}.${region}.${domain}`);
};
