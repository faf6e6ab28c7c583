/** A log in a Spring Boot application, as a starter would bring it: lifecycle, options, health, metrics. */
@NullMarked
package dev.streamwal.examples.springboot;

import org.jspecify.annotations.NullMarked;
