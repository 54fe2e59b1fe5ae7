import { createServer, type Server, type Socket } from 'node:net';
import { ProxiedConnection, type Address } from './connection.ts';
import { Rule, type RuleOptions } from './rule.ts';

/**
 * A network between clients and one broker that does what it is told: *whole* ⇄ *faulty* by rules, *reachable* ⇄
 * *unreachable*; `heal` ends all of it. Only what reaches the broker through its proxied listener passes here.
 */
export class KafkaProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #broker: Address;
  readonly #connections = new Set<ProxiedConnection>();
  #rules: Rule[] = [];
  #isReachable = true;

  private constructor(broker: Address) {
    this.#broker = broker;
    this.#server = createServer((client) => this.#accept(client));
  }

  /** Listens on 127.0.0.1; the broker may come later. Fails where `port` is taken. */
  static async open(broker: Address, port: number): Promise<KafkaProxy> {
    const proxy = new KafkaProxy(broker);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject);
      proxy.#server.listen({ port, host: '127.0.0.1' }, resolve);
    });
    return proxy;
  }

  /** Connections that are open now. */
  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Holds for frames that pass from now on. Of several rules the first set wins. */
  set(options: RuleOptions): Rule {
    const rule = new Rule(options);
    this.#rules = [...this.#rules.filter((one) => !one.isLifted), rule];
    return rule;
  }

  /** Resets every connection; clients may come again. */
  cut(): void {
    for (const connection of this.#connections) connection.cut();
  }

  /** Resets every connection, and each new one, until `heal`. */
  disconnect(): void {
    this.#isReachable = false;
    this.cut();
  }

  /** The network is whole again; what was held goes on. */
  heal(): void {
    this.#isReachable = true;
    for (const rule of this.#rules.splice(0)) rule.lift();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.heal();
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(client: Socket): void {
    if (!this.#isReachable) {
      client.on('error', () => undefined);
      client.resetAndDestroy();
      return;
    }
    const connection: ProxiedConnection = new ProxiedConnection(
      client,
      this.#broker,
      () => this.#rules,
      () => this.#connections.delete(connection),
    );
    this.#connections.add(connection);
  }
}
