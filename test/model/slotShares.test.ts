import fc from "fast-check";
import { expect, test } from "vitest";
import { sharesOf } from "../../model/slotShares.ts";

const clusters = ["https://a", "https://b", "https://c"];
const end = fc.constantFrom(...clusters).map((cluster) => ({ cluster, database: "D" }));
const job = fc.record({ source: end, destination: end });
const slots = fc.integer({ min: 1, max: 100 });
const allowed = fc.record({ export: slots, ingestion: slots, query: slots });

test("a job alone on its clusters gets all that its definition allows", () => {
  fc.assert(
    fc.property(job, allowed, (asking, all) => {
      expect(sharesOf(asking, all, [])).toEqual(all);
    }),
  );
});

test("jobs at work together never have more exports at a source, or ingestions at a destination, than one alone would", () => {
  fc.assert(
    fc.property(fc.array(job, { minLength: 1, maxLength: 6 }), slots, (jobs, each) => {
      const all = { export: each, ingestion: each, query: each };
      const shares = jobs.map((asking, i) => sharesOf(asking, all, jobs.toSpliced(i, 1)));
      for (const cluster of clusters) {
        const sum = (kind: "export" | "ingestion" | "query", at: (of: (typeof jobs)[number]) => boolean) =>
          shares
            .filter((_, i) => jobs.slice(i, i + 1).some(at))
            .reduce((total, share) => total + share[kind], 0);
        const most = (count: number) => Math.max(each, count);
        const sources = (of: (typeof jobs)[number]) => of.source.cluster === cluster;
        const destinations = (of: (typeof jobs)[number]) => of.destination.cluster === cluster;
        const either = (of: (typeof jobs)[number]) => sources(of) || destinations(of);
        expect(sum("export", sources)).toBeLessThanOrEqual(most(jobs.filter(sources).length));
        expect(sum("ingestion", destinations)).toBeLessThanOrEqual(most(jobs.filter(destinations).length));
        expect(sum("query", either)).toBeLessThanOrEqual(most(jobs.filter(either).length));
      }
    }),
  );
});

test("every job has at least one slot of each kind, however many there are", () => {
  fc.assert(
    fc.property(job, allowed, fc.array(job, { maxLength: 200 }), (asking, all, others) => {
      const shares = sharesOf(asking, all, others);
      expect(Math.min(shares.export, shares.ingestion, shares.query)).toBeGreaterThanOrEqual(1);
    }),
  );
});
