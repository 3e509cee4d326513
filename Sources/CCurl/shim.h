// libcurl's setters and getters are variadic, which Swift does not import: each wrapper below
// fixes the argument type of the options it is meant for.
#ifndef AIDEVBOT_CCURL_SHIM_H
#define AIDEVBOT_CCURL_SHIM_H

#include <curl/curl.h>
#include <sys/socket.h>

typedef size_t (*ccurl_data_callback)(char *data, size_t size, size_t count, void *context);
typedef int (*ccurl_prerequest_callback)(void *context, char *remote_ip, char *local_ip,
                                         int remote_port, int local_port);

static inline CURLcode ccurl_set_long(CURL *easy, CURLoption option, long value) {
  return curl_easy_setopt(easy, option, value);
}

static inline CURLcode ccurl_set_string(CURL *easy, CURLoption option, const char *value) {
  return curl_easy_setopt(easy, option, value);
}

static inline CURLcode ccurl_set_pointer(CURL *easy, CURLoption option, void *value) {
  return curl_easy_setopt(easy, option, value);
}

static inline CURLcode ccurl_set_data_callback(CURL *easy, CURLoption option,
                                               ccurl_data_callback callback) {
  return curl_easy_setopt(easy, option, callback);
}

static inline CURLcode ccurl_set_prerequest_callback(CURL *easy,
                                                     ccurl_prerequest_callback callback) {
  return curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, callback);
}

static inline curl_socket_t ccurl_open_socket(void *context, curlsocktype purpose,
                                              struct curl_sockaddr *address) {
  (void)context;
  (void)purpose;
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// libcurl 7.88's own sockets are left to every child that the process starts, and so is the
// connection, however often it is closed here.
static inline CURLcode ccurl_keep_sockets_from_children(CURL *easy) {
  return curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, ccurl_open_socket);
}

static inline CURLcode ccurl_get_long(CURL *easy, CURLINFO info, long *value) {
  return curl_easy_getinfo(easy, info, value);
}

static inline CURLcode ccurl_get_pointer(CURL *easy, CURLINFO info, void **value) {
  return curl_easy_getinfo(easy, info, value);
}

static inline CURLcode ccurl_message_result(const CURLMsg *message) {
  return message->data.result;
}

#endif
