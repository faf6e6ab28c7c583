/** Real-time analytics: a web page that shows what services measured in the last minute. */
@NullMarked
package dev.streamwal.examples.analytics;

import org.jspecify.annotations.NullMarked;
