import { describe, expect, it } from '@jest/globals';
import { findMethodName } from '../../src/schema/index.js';

const DOTTED = ['acme.v1.Jobs.Run', 'acme.v2.Jobs.Run', 'acme.v1.Jobs.Describe'];
const PATHS = ['acme.v1.Jobs/Run', 'acme.v1.Jobs/Describe'];

describe('findMethodName', () => {
  it.each([
    'acme.v1.Jobs.Describe',
    'acme.v1.Jobs/Describe',
    '/acme.v1.Jobs/Describe',
    'Jobs/Describe',
    'Describe',
  ])('finds a method by its name, its path or an unambiguous end: %s', (wanted) => {
    expect(findMethodName(wanted, DOTTED)).toEqual({ name: 'acme.v1.Jobs.Describe' });
    expect(findMethodName(wanted, PATHS)).toEqual({ name: 'acme.v1.Jobs/Describe' });
  });

  it('matches whole segments only', () => {
    expect(findMethodName('cribe', PATHS)).toHaveProperty('fault');
  });

  it('lists the candidates of an ambiguous end', () => {
    expect(findMethodName('Jobs/Run', DOTTED)).toEqual({
      fault: 'method "Jobs/Run" is one of several: name "acme.v1.Jobs.Run" or "acme.v2.Jobs.Run"',
    });
  });

  it.each([
    ['Jobs/Descrieb', 'method "Jobs/Descrieb" is unknown: did you mean "Jobs/Describe"?'],
    ['Rum', 'method "Rum" is unknown: did you mean "Run"?'],
    ['Backup', 'method "Backup" is unknown: use one of Jobs/Run, Jobs/Describe'],
  ])('suggests a method for %s, with as many segments as given', (wanted, fault) => {
    expect(findMethodName(wanted, PATHS)).toEqual({ fault });
  });

  it('includes the given advice', () => {
    const whenUnknown = { complaint: 'starts nothing', advice: 'name its file' };
    expect(findMethodName('Backup', PATHS, whenUnknown)).toEqual({
      fault: 'method "Backup" starts nothing: name its file, or use one of Jobs/Run, Jobs/Describe',
    });
    expect(findMethodName('Backup', [], whenUnknown)).toEqual({
      fault: 'method "Backup" starts nothing: name its file',
    });
  });
});
