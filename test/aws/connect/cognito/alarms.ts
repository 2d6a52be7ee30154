import { always, type Cases, once } from '../../../support/alarm-cases';

export const cases: Cases = {
  SignInThrottles: [
    ['one person cannot sign in', { SignInThrottles: once(60, 1, 0) }, 60],
    ['people sign in', { SignInThrottles: always(0) }, 'never'],
    ['nobody signs in', { SignInThrottles: always(undefined) }, 'never'],
  ],
};
