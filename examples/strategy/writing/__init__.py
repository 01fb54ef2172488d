"""Writing the sections: by a language model, or by templates that say what the figures say."""
