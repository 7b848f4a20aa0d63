//! How fast texts become vectors: one question alone, and paragraphs in bulk.

use std::hint::black_box;
use std::ops::ControlFlow;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use topoi_benches::{encoder, paragraphs};
use topoi_models::{Encoder, Role};

fn bench(criterion: &mut Criterion) {
    let encoder = encoder().expect("the default model");
    let mut encode = |name: &str, texts: &[&str], role: Role, samples: usize| {
        let mut group = criterion.benchmark_group("encode");
        group.sample_size(samples);
        group.throughput(Throughput::Elements(texts.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let vectors = encoder.encode(texts, role, &mut |_| ControlFlow::Continue(()));
                black_box(vectors.expect("vectors"))
            });
        });
        group.finish();
    };
    encode("one question", &["who pays for a tariff?"], Role::Query, 50);
    let paragraphs = paragraphs().expect("the sample articles");
    let texts: Vec<&str> = paragraphs.iter().map(String::as_str).collect();
    encode("200 paragraphs", &texts[..200], Role::Passage, 10);
}

criterion_group!(benches, bench);
criterion_main!(benches);
