//! What was found, put in order anew by a model that reads question and passage together.

use std::ops::ControlFlow;

use topoi_models::CrossEncoder;

use super::Found;
use crate::error::Result;

impl Found {
    /// Lets a cross-encoder score the passages that were found ([`Hit::rerank`](super::Hit::rerank)), puts the best first,
    /// and keeps `limit` of them. The other scores stay as they are.
    ///
    /// # Errors
    ///
    /// Where the model's files turn out not to belong together.
    pub fn rerank(&mut self, question: &str, model: &CrossEncoder, limit: usize) -> Result<()> {
        let texts: Vec<&str> = self
            .hits
            .iter()
            .map(|hit| hit.passage.text.as_str())
            .collect();
        let scores = model.score(question, &texts, &mut |_| ControlFlow::Continue(()))?;
        for (hit, score) in self.hits.iter_mut().zip(scores) {
            hit.rerank = Some(score);
        }
        // Stable: what the model finds equally good stays as it was.
        self.hits.sort_by(|a, b| {
            let [a, b] = [a, b].map(|hit| hit.rerank.unwrap_or(f32::NEG_INFINITY));
            b.total_cmp(&a)
        });
        self.hits.truncate(limit);
        Ok(())
    }
}
