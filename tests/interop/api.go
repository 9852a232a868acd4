// SPDX-License-Identifier: Apache-2.0

// api ROOT CERT KEY URL: what a browser does, by a TLS of its own: verifies
// the server, offers HTTP/2, shows a certificate, keeps the connection, with
// each version of TLS.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
)

func must(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func ask(client *http.Client, url string, version uint16) {
	for i := 0; i < 3; i++ {
		answer, err := client.Get(url)
		must(err)
		body, err := io.ReadAll(answer.Body)
		must(err)
		answer.Body.Close()
		if answer.StatusCode != 200 || answer.TLS.Version != version ||
			answer.Proto != "HTTP/1.1" || int64(len(body)) != answer.ContentLength {
			must(fmt.Errorf("%v %x: %s", answer.Status, answer.TLS.Version, body))
		}
	}
}

func main() {
	pem, err := os.ReadFile(os.Args[1])
	must(err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	cert, err := tls.LoadX509KeyPair(os.Args[2], os.Args[3])
	must(err)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		config := &tls.Config{
			RootCAs:      roots,
			Certificates: []tls.Certificate{cert},
			MinVersion:   version,
			MaxVersion:   version,
			NextProtos:   []string{"h2", "http/1.1"},
		}
		transport := &http.Transport{TLSClientConfig: config}
		ask(&http.Client{Transport: transport}, os.Args[4], version)
		transport.CloseIdleConnections()
		config.Certificates = nil
		stranger := &http.Client{Transport: &http.Transport{TLSClientConfig: config}}
		if _, err := stranger.Get(os.Args[4]); err == nil {
			must(fmt.Errorf("served without a certificate"))
		}
	}
}
