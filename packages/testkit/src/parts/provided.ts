/** How tests reach the parts that the test run has started. Plain data: it crosses from the runner to the tests. */
export type ProvidedParts = {
  kind: 'embedded' | 'docker';
  brokers: string[];
  registryUrl: string;
  postgresUrl: string;
  /** Kafka's jars, for `kafkaTool`; empty where no Java or no Maven is there to fetch them. */
  kafkaLibsDir: string;
};

declare module 'vitest' {
  interface ProvidedContext {
    parts: ProvidedParts;
  }
}
