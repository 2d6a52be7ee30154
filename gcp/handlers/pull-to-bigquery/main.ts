import { setting } from '../../../shared/runtime/setting';
import { bigQuerySink } from '../../runtime/sinks/bigquery';
import { pullSource } from '../../runtime/sources/pull';
import { guides } from './guides';

pullSource({ pull: guides, sink: bigQuerySink('STAGING'), source: new URL(setting('PULL_URL')).origin });
