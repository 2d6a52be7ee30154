import { Agent, request } from 'node:https';
import type { Credential } from '../identity/credential';
import type { TableName } from './tables';

const SCOPE = 'https://storage.azure.com/.default';
const HEADERS = {
  accept: 'application/json;odata=minimalmetadata',
  'content-type': 'application/json',
  'x-ms-version': '2019-02-02',
  dataserviceversion: '3.0',
};

/** What the run itself does with tables: it creates and reads them. */
export class TableClient {
  private readonly agent: Agent;

  constructor(
    /** The address of the table service. */
    private readonly url: string,
    private readonly credential: Credential,
    ca: string,
  ) {
    this.agent = new Agent({ ca, keepAlive: true, maxSockets: 4 });
  }

  async create({ account, table }: TableName): Promise<void> {
    await this.send('POST', `${account}/Tables`, JSON.stringify({ TableName: table }));
  }

  /** Each entity, as it is on the wire. */
  async *entities({ account, table }: TableName): AsyncGenerator<string> {
    let more: URLSearchParams | undefined = new URLSearchParams();
    while (more) {
      const { headers, body } = await this.send('GET', `${account}/${table}()?${more}`);
      for (const entity of (JSON.parse(body) as { value: readonly object[] }).value) yield JSON.stringify(entity);
      const [partition, row] = ['nextpartitionkey', 'nextrowkey'].map((name) => headers[`x-ms-continuation-${name}`]);
      more =
        partition === undefined ? undefined : new URLSearchParams({ NextPartitionKey: String(partition), NextRowKey: String(row ?? '') });
    }
  }

  close() {
    this.agent.destroy();
  }

  private async send(method: string, path: string, body = '') {
    const { token } = await this.credential.getToken(SCOPE);
    return new Promise<{ headers: Readonly<Record<string, unknown>>; body: string }>((resolve, reject) => {
      const headers = { ...HEADERS, authorization: `Bearer ${token}`, 'content-length': Buffer.byteLength(body) };
      const sent = request(`${this.url}/${path}`, { method, headers, agent: this.agent }, (answer) => {
        answer.toArray().then((chunks) => {
          const text = Buffer.concat(chunks).toString();
          if (answer.statusCode! < 300) resolve({ headers: answer.headers, body: text });
          else reject(new Error(`${method} ${path}: ${answer.statusCode} ${text}`));
        }, reject);
      });
      sent.on('error', reject).end(body);
    });
  }
}
