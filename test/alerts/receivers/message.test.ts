/** What people see first of an alert: it always names what it is about. */
import { describe, expect, it } from '@jest/globals';
import { headingOf, messageOf } from '../../../shared/alerts/receivers/message.ts';
import { anAlert, resolved } from '../../support/receivers/alerts.ts';

const GROUP = { namespace: 'shop', scans: 3, names: ['cart', 'till', 'web'] };

describe('a heading', () => {
  it.each([
    ['the scan', anAlert({ title: 'Policy failed' }), '[CRITICAL] Policy failed: ImageScan shop/cart'],
    ['it once, where the title does', anAlert({ title: 'No scan of cart' }), '[CRITICAL] No scan of cart'],
    [
      'the namespace of a group',
      anAlert({ title: 'Policy failed', group: GROUP }),
      '[CRITICAL] Policy failed: scans of shop',
    ],
    [
      'what is over',
      resolved({ title: 'Policy failure is over' }),
      '[RESOLVED] Policy failure is over: ImageScan shop/cart',
    ],
  ])('names %s', (_, alert, heading) => {
    expect(headingOf(alert)).toBe(heading);
  });

  it('does not take a part of a word for the name', () => {
    const alert = anAlert({ title: 'Policy failed', scan: { ...anAlert().scan, name: 'fail' } });
    expect(headingOf(alert)).toBe('[CRITICAL] Policy failed: ImageScan shop/fail');
  });

  it('names the scan however long the title is', () => {
    expect(headingOf(anAlert({ title: 'x'.repeat(5_000) }))).toMatch(/…: ImageScan shop\/cart$/);
  });
});

describe('the facts of a group', () => {
  it.each([
    [GROUP, '3 scans of shop: cart, till, web'],
    [{ ...GROUP, scans: 1, names: ['cart'] }, '1 scan of shop: cart'],
    [{ ...GROUP, scans: 8, names: ['a', 'b', 'c', 'd', 'e', 'f'] }, '8 scans of shop: a, b, c, d, e … and 3 more'],
  ])('name its scans, and how many there are', (group, scans) => {
    expect(messageOf(anAlert({ group })).facts[0]).toEqual(['Scans', scans]);
  });

  it('say at its end that there is none, and which was the last', () => {
    const alert = anAlert({ status: 'resolved', group: { ...GROUP, scans: 1, names: ['cart'] } });
    expect(messageOf(alert).facts[0]).toEqual(['Scans', 'none of shop, cart was the last']);
  });
});
