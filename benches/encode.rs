//! How fast texts become vectors: one question alone, and paragraphs in bulk, in each engine and precision.

use std::hint::black_box;
use std::ops::ControlFlow;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use topoi_benches::{load, paragraphs};
use topoi_models::{Encoder, Engine, Precision, Role, Settings};

fn bench(criterion: &mut Criterion) {
    let paragraphs = paragraphs().expect("the sample articles");
    let texts: Vec<&str> = paragraphs.iter().take(200).map(String::as_str).collect();
    let contenders = [
        ("int8", Engine::Packed, Precision::Int8),
        ("f32", Engine::Packed, Precision::F32),
        ("candle", Engine::Candle, Precision::F32),
    ];
    for (name, engine, precision) in contenders {
        let encoder = load(&Settings {
            engine,
            precision: Some(precision),
            ..Settings::default()
        });
        let encoder = encoder.expect("the default model");
        let mut encode = |group: &str, texts: &[&str], role: Role, samples: usize| {
            let mut group = criterion.benchmark_group(group);
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
        encode("200 paragraphs", &texts, Role::Passage, 10);
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
