export { writeEach } from '../../shared/runtime/each-row';
