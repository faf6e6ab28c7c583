package dev.streamwal.examples.kafka;

import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.jspecify.annotations.Nullable;

/** Tells failures that pass from those that stay until somebody does something. */
final class ShippingFailure {

    private ShippingFailure() {}

    /** Whether trying again would fail again. Where that isn't known it is tried again: a server's name may have no address for now, as it may never have. */
    static boolean isForGood(KafkaException failure) {
        ApiException cause = cause(failure);
        return cause instanceof RecordTooLargeException || cause instanceof InvalidTopicException || cause instanceof AuthorizationException
                || cause instanceof AuthenticationException || cause instanceof ProducerFencedException;
    }

    private static @Nullable ApiException cause(Throwable failure) {
        for (Throwable each = failure; each != null; each = each.getCause()) {
            if (each instanceof ApiException api) {
                return api;
            }
        }
        return null;
    }
}
