// Drives the npm client nagad-payment-gateway; run by nagad.test.mjs with --security-revert=CVE-2023-46809, without which Node
// does not decrypt PKCS#1 v1.5. Usage: BASE DIR ORDER AMOUNT: prints where the payer is sent; or BASE DIR verify REF.
import { createRequire } from 'node:module';

// Its ES module imports dayjs/plugin/timezone without .js, which Node refuses.
const { NagadGateway } = createRequire(import.meta.url)('nagad-payment-gateway');

const [base, dir, order, amount] = process.argv.slice(2);
const gateway = new NagadGateway({
  apiVersion: 'v-0.2.0',
  baseURL: base,
  callbackURL: 'http://127.0.0.1:1/callback',
  merchantID: '683002007104225',
  merchantNumber: '01700000000',
  privKey: `${dir}/nagad/merchant_private.pem`,
  pubKey: `${dir}/nagad/pg_public.pem`,
  isPath: true,
});

try {
  const answer = order === 'verify' ? await gateway.verifyPayment(amount) : await gateway.createPayment({
    amount, ip: '127.0.0.1', orderId: order, productDetails: { thing: 'tea' }, clientType: 'PC_WEB',
  });
  console.log(JSON.stringify({ answer }));
} catch (error) {
  console.log(JSON.stringify({ reason: error.reason, message: error.message }));
}
