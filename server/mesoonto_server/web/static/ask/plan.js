// What was asked of other endpoints, beside the result of a query with SERVICE.

import { element } from "./dom.js";

export function plan(federation) {
  const details = element("details", "", { open: true, className: "plan" });
  details.append(element("summary", `Other endpoints, ${Math.round(federation.milliseconds)} ms`));
  federation.services.forEach((service) => {
    const sent = service.requests.filter((request) => request.source !== "cache");
    const bytes = sent.reduce((sum, request) => sum + request.bytes, 0);
    const ms = Math.round(sent.reduce((sum, request) => sum + request.milliseconds, 0));
    const cached = service.requests.length - sent.length;
    details.append(element("p", `${service.endpoint}: ${service.strategy}; ${sent.length} requests, ` +
      `${service.rows} rows, ${bytes} bytes, ${ms} ms` + (cached ? `, ${cached} from the cache` : "") +
      (service.problem ? `; ${service.problem}` : "")));
    service.requests.slice(0, 3).forEach((request) => details.append(element("pre", request.query, { tabIndex: 0 })));
  });
  return details;
}
