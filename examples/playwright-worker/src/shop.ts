import { randomUUID } from 'node:crypto';
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';

/** What the shop knows of a customer; a test, or a person, reads here what really happened. */
export interface Ledger {
  readonly logins: number;
  readonly cart: readonly string[];
  readonly orders: readonly (readonly string[])[];
  /** Of every page in order, whether the browser showed a session of this customer. */
  readonly visits: readonly { readonly path: string; readonly isLoggedIn: boolean }[];
}

interface Customer {
  logins: number;
  cart: Set<string>;
  orders: string[][];
  visits: { path: string; isLoggedIn: boolean }[];
}

const COOKIE = 'session';
/** A day: a cookie without an age would end with the browser. */
const COOKIE_AGE_S = 86_400;

const page = (title: string, body: string): string =>
  `<!doctype html><meta charset="utf-8"><title>${title}</title><h1>${title}</h1>${body}`;
const button = (action: string, name: string): string =>
  `<form method="post" action="${action}"><button>${name}</button></form>`;

/**
 * A shop for one machine: login, cart, checkout, all in memory. Which customer a browser is shows its address
 * (`/of/<customer>/…`), whether it is logged in shows its cookie.
 */
export function createShop(): FastifyInstance {
  const shop = Fastify();
  const customers = new Map<string, Customer>();
  const sessions = new Map<string, string>();
  shop.addContentTypeParser('application/x-www-form-urlencoded', (_request, body, done) => {
    body.resume().on('end', () => done(null, undefined));
  });
  const customerOf = (name: string): Customer => {
    const known = customers.get(name) ?? { logins: 0, cart: new Set(), orders: [], visits: [] };
    customers.set(name, known);
    return known;
  };
  type OfCustomer = FastifyRequest<{ Params: { customer: string } }>;
  const sessionOf = ({ headers, params: { customer } }: OfCustomer): boolean => {
    const id = new RegExp(`${COOKIE}=([\\w-]+)`).exec(headers.cookie ?? '')?.[1] ?? '';
    return sessions.get(id) === customer;
  };

  shop.addHook<{ Params: { customer?: string } }>('onRequest', async (request, reply) => {
    const { customer } = request.params;
    if (customer === undefined || request.url.startsWith('/ledger/')) return;
    const isLoggedIn = sessionOf(request as OfCustomer);
    const path = request.url.split('/').slice(3).join('/');
    customerOf(customer).visits.push({ path: `${request.method} /${path}`, isLoggedIn });
    void reply.type('text/html');
    if (!isLoggedIn && path !== '' && path !== 'login')
      return reply.code(401).send(page('Please log in', button(`/of/${customer}/login`, 'Log in')));
  });

  shop.get('/of/:customer/', (request: OfCustomer) => {
    const { customer } = request.params;
    return sessionOf(request)
      ? page(`Welcome ${customer}`, button(`/of/${customer}/cart`, 'Add the lamp'))
      : page('Shop', button(`/of/${customer}/login`, 'Log in'));
  });
  shop.post('/of/:customer/login', (request: OfCustomer, reply) => {
    const { customer } = request.params;
    const session = randomUUID();
    sessions.set(session, customer);
    customerOf(customer).logins += 1;
    void reply.header(
      'set-cookie',
      `${COOKIE}=${session}; Path=/of/${customer}/; HttpOnly; Max-Age=${COOKIE_AGE_S}`,
    );
    return reply.redirect(`/of/${customer}/`, 303);
  });
  shop.post('/of/:customer/cart', (request: OfCustomer, reply) => {
    const { customer } = request.params;
    customerOf(customer).cart.add('lamp');
    return reply.redirect(`/of/${customer}/cart`, 303);
  });
  shop.get('/of/:customer/cart', ({ params: { customer } }: OfCustomer) => {
    const { cart } = customerOf(customer);
    return page(`Cart: ${[...cart].join(', ')}`, button(`/of/${customer}/orders`, 'Check out'));
  });
  shop.post('/of/:customer/orders', (request: OfCustomer, reply) => {
    const { customer } = request.params;
    const { cart, orders } = customerOf(customer);
    orders.push([...cart]);
    cart.clear();
    return reply.redirect(`/of/${customer}/orders`, 303);
  });
  shop.get('/of/:customer/orders', ({ params: { customer } }: OfCustomer) =>
    page(`Orders: ${customerOf(customer).orders.length}`, ''),
  );
  shop.get('/ledger/:customer', ({ params: { customer } }: OfCustomer): Ledger => {
    const known = customerOf(customer);
    return { ...known, cart: [...known.cart] };
  });
  return shop;
}
