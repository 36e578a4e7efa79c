/** The file that says what may be fetched, and how a mistake in it is told. */
import { describe, expect, it } from '@jest/globals';
import { readSources, WrongSources } from '../../shared/remote/sources-file.ts';

describe('the file of sources', () => {
  it('says for each namespace what may be fetched', () => {
    expect(readSources('namespaces:\n  team-a: ["https://reports.example/a/"]\n')).toEqual({
      namespaces: { 'team-a': ['https://reports.example/a/'] },
      privateAddresses: [],
      s3PathStyle: false,
    });
  });

  it.each([
    ['namespaces: [', 'line 1: unexpected end of the stream within a flow collection'],
    [
      'namespaces: { team-a: ["https://reports.example/a"] }',
      'namespaces.team-a.0: must end with a slash: all below it is allowed',
    ],
    ['namespaces: { Team A: [] }', 'namespaces.Team A: must be the name of a namespace, or *'],
    [
      'namespaces: {}\nprivateAddresses: [10.0.0.1]',
      'privateAddresses.0: must be a range of addresses such as 10.0.0.0/8',
    ],
  ])('is told its mistake: %j', (text, problem) => {
    const read = () => readSources(text);
    expect(read).toThrow(WrongSources);
    expect(read).toThrow(problem);
  });
});
