// Jest, wherever npm or pnpm put it, after the check of what is installed.
require('../../bin/ready.js');
require('jest/bin/jest');
