"""Reserved for the Spark data source, so that Spark finds ``format("flight")`` by itself."""
